-- Edge and hub. At the hub: copies of the ports' ledgers, their passages, flow and alarms, and what is told to them.
-- At a port: the bulletins it holds and the hub's word on its heads. ``port`` is the port that a row is about.

CREATE TABLE network_ports (
    port           text   PRIMARY KEY,
    taken          bigint NOT NULL DEFAULT 0,  -- number of the last entry taken
    last           bytea  NOT NULL,            -- its leaf hash
    epoch          bigint NOT NULL DEFAULT 0,  -- its writer's fencing number
    size           bigint NOT NULL DEFAULT 0,  -- how many entries the port said that it has
    heard_at       bigint,                     -- the hub's time
    entry_at       bigint,                     -- the port's time of the last entry taken
    suspended      text,                       -- the rule for which nothing more is taken
    witnessed_size bigint NOT NULL DEFAULT 0,
    witnessed_at   bigint
);

CREATE TABLE network_entries (
    port  text   NOT NULL,
    seq   bigint NOT NULL CHECK (seq > 0),
    leaf  bytea  NOT NULL,
    entry text   NOT NULL,                     -- canonical JSON, byte for byte
    UNIQUE (port, seq)
);
CREATE TRIGGER network_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON network_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TABLE network_tiles (
    port  text     NOT NULL,
    level smallint NOT NULL,                   -- the tile's subtree has 256^level leaves
    place bigint   NOT NULL,                   -- counts subtrees of that size from 0
    root  bytea    NOT NULL,
    PRIMARY KEY (port, level, place)
);

CREATE TABLE network_passages (
    port      text    NOT NULL,
    passage   text    NOT NULL,
    lane      text    NOT NULL,
    direction text    NOT NULL,
    opened_at bigint  NOT NULL,
    plate     text,
    held      boolean NOT NULL,                -- a person is awaited
    closed_at bigint,
    state     text,
    stop_us   bigint,
    PRIMARY KEY (port, passage)
);
CREATE INDEX network_passages_plate ON network_passages (plate, opened_at) WHERE plate IS NOT NULL;
CREATE INDEX network_passages_opened ON network_passages (opened_at) WHERE plate IS NOT NULL;
CREATE INDEX network_passages_closed ON network_passages (port, closed_at);
CREATE INDEX network_passages_open ON network_passages (port) WHERE closed_at IS NULL;

CREATE TABLE network_flow (
    port         text   NOT NULL,
    hour         bigint NOT NULL,              -- its first microsecond
    released_in  bigint NOT NULL,
    released_out bigint NOT NULL,
    diverted     bigint NOT NULL,
    refused      bigint NOT NULL,
    PRIMARY KEY (port, hour)
);

CREATE TABLE network_alarms (
    number          text     PRIMARY KEY,
    port            text     NOT NULL,
    at              bigint   NOT NULL,
    priority        smallint NOT NULL,
    code            text     NOT NULL,
    params          text     NOT NULL,         -- JSON
    acknowledged_by text
);
CREATE INDEX network_alarms_at ON network_alarms (at);

CREATE TABLE network_holds (
    number    text   PRIMARY KEY,
    authority text   NOT NULL,
    kind      text   NOT NULL,
    plate     text,
    container text,
    reason    text   NOT NULL,
    placed_by text   NOT NULL,
    placed_at bigint NOT NULL,
    lifted_by text,
    lifted_at bigint
);

CREATE TABLE network_watched (
    number              text   PRIMARY KEY,
    authority           text   NOT NULL,
    plate               text,
    container           text,
    document_commitment text,
    reason              text   NOT NULL,
    added_by            text   NOT NULL,
    added_at            bigint NOT NULL
);

CREATE TABLE network_preauthorised (
    plate      text    PRIMARY KEY,
    trailer    text,
    carrier    text    NOT NULL,
    not_before bigint  NOT NULL,
    expires_at bigint  NOT NULL,
    low_risk   boolean NOT NULL,
    given_by   text    NOT NULL
);

CREATE TABLE network_rulebooks (
    name           text   NOT NULL,
    version        text   NOT NULL,
    effective_from bigint NOT NULL,
    text           text   NOT NULL,            -- TOML
    published_by   text   NOT NULL,
    published_at   bigint NOT NULL,
    PRIMARY KEY (name, version)
);

CREATE TABLE network_issued (
    port    text   NOT NULL,
    kind    text   NOT NULL,
    version bigint NOT NULL,
    digest  text   NOT NULL,                   -- of the items
    PRIMARY KEY (port, kind)
);

CREATE TABLE network_bulletins (
    port        text   NOT NULL,
    kind        text   NOT NULL,
    version     bigint NOT NULL,
    issued_at   bigint NOT NULL,
    received_at bigint NOT NULL,
    signed      bytea  NOT NULL,
    PRIMARY KEY (port, kind)
);

CREATE TABLE network_witnesses (
    port   text   NOT NULL,
    size   bigint NOT NULL,
    at     bigint NOT NULL,
    signed bytea  NOT NULL,
    PRIMARY KEY (port, size)
);
