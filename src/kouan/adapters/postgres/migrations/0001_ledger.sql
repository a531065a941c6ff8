-- The ledger: its entries, the fence of its one writer, Merkle tiles, signed heads, and sealed personal data.

CREATE TABLE ledger_writer (
    port     text   PRIMARY KEY,
    epoch    bigint NOT NULL,              -- fencing number of the writer; every commit checks it
    sequence bigint NOT NULL DEFAULT 0,    -- number of the last entry
    last     bytea  NOT NULL,              -- its leaf hash
    commits  bigint NOT NULL DEFAULT 0     -- counts commits, so that an uncertain one can be settled
);

CREATE TABLE ledger_entries (
    port   text     NOT NULL,
    seq    bigint   NOT NULL CHECK (seq > 0),
    at     bigint   NOT NULL,              -- microseconds since the epoch, UTC
    epoch  bigint   NOT NULL,
    kind   text     NOT NULL,
    stream text     NOT NULL,
    key    text     NOT NULL,
    body   text     NOT NULL,              -- canonical JSON, byte for byte
    prev   bytea    NOT NULL,
    hash   bytea    NOT NULL,
    v      smallint NOT NULL,
    PRIMARY KEY (port, seq)
);
CREATE UNIQUE INDEX ledger_entries_key ON ledger_entries (port, key);
CREATE INDEX ledger_entries_stream ON ledger_entries (port, stream, seq);

CREATE TABLE ledger_tiles (
    port  text     NOT NULL,
    level smallint NOT NULL,               -- the tile's subtree has 256^level leaves
    place bigint   NOT NULL,               -- counts subtrees of that size from 0
    root  bytea    NOT NULL,
    PRIMARY KEY (port, level, place)
);

CREATE TABLE ledger_heads (
    port   text   NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    size   bigint NOT NULL,
    at     bigint NOT NULL,
    head   text   NOT NULL,                -- the signed head as JSON
    PRIMARY KEY (port, number)
);

CREATE TABLE subject_keys (
    subject     text   PRIMARY KEY,
    wrapped_key bytea,                     -- NULL once the person is forgotten
    erased_at   bigint
);

CREATE TABLE subjects (
    fingerprint bytea PRIMARY KEY,         -- HMAC of the identity; its key stands in a file outside the database
    subject     text  NOT NULL UNIQUE
);

CREATE TABLE sealed_personal (
    port       text   NOT NULL,
    seq        bigint NOT NULL,
    commitment text   NOT NULL,
    subject    text   NOT NULL,
    nonce      bytea  NOT NULL,
    ciphertext bytea  NOT NULL,
    PRIMARY KEY (port, commitment, seq)
);

-- Move the writer's row on; raise KN001 where another writer has raised the epoch.
CREATE FUNCTION ledger_advance(
    of_port text, held_epoch bigint, from_sequence bigint, to_sequence bigint, new_last bytea
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_writer
       SET sequence = to_sequence, last = new_last, commits = commits + 1
     WHERE port = of_port AND epoch = held_epoch AND sequence = from_sequence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a newer writer holds port %', of_port USING ERRCODE = 'KN001';
    END IF;
END
$$;

-- Raise KN002 where a guard changed or found no row; its place in the group is the message.
CREATE FUNCTION ledger_require(holds boolean, place integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT holds THEN
        RAISE EXCEPTION '%', place USING ERRCODE = 'KN002';
    END IF;
END
$$;

-- Entries are never changed: a mistake in SQL is refused here, tampering is found by the verifier.
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never changed' USING ERRCODE = 'KN003';
END
$$;
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
