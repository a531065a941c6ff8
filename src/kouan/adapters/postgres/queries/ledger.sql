-- name: ledger.open_writer
-- use: query
-- Raise the epoch of a port's writer, making its row at the first opening; the row as it now stands.
INSERT INTO ledger_writer (port, epoch, last) VALUES (%(port)s, 1, %(genesis)s)
ON CONFLICT (port) DO UPDATE SET epoch = ledger_writer.epoch + 1
RETURNING epoch, sequence, last, commits;

-- name: ledger.reopen_writer
-- use: query
-- Raise the epoch of a port's writer where it is still ours; no row where it is not.
UPDATE ledger_writer SET epoch = epoch + 1 WHERE port = %(port)s AND epoch = %(epoch)s
RETURNING epoch, sequence, last, commits;

-- name: ledger.advance
-- use: query
-- Move the writer's row to the last entry of this commit; raise KN001 where a newer writer holds the port.
SELECT ledger_advance(%(port)s, %(epoch)s, %(before)s, %(after)s, %(last)s);

-- name: ledger.insert
-- use: query
-- Insert the entries of this commit, numbered from ``before`` + 1 in the order of the arrays.
INSERT INTO ledger_entries (port, seq, at, epoch, kind, stream, key, body, prev, hash, v)
SELECT %(port)s, %(before)s::bigint + e.n, %(at)s, %(epoch)s, e.kind, e.stream, e.key, e.body, e.prev, e.hash, %(v)s
FROM unnest(%(kinds)s::text[], %(streams)s::text[], %(keys)s::text[], %(bodies)s::text[],
            %(prevs)s::bytea[], %(hashes)s::bytea[]) WITH ORDINALITY AS e (kind, stream, key, body, prev, hash, n);

-- name: ledger.insert_tile
-- use: query
-- Insert the root of a subtree that this commit completes.
INSERT INTO ledger_tiles (port, level, place, root) VALUES (%(port)s, %(level)s, %(place)s, %(root)s);

-- name: ledger.insert_sealed
-- use: query
-- Insert personal data, sealed under its subject's key.
INSERT INTO sealed_personal (port, seq, commitment, subject, nonce, ciphertext)
VALUES (%(port)s, %(seq)s, %(commitment)s, %(subject)s, %(nonce)s, %(ciphertext)s);

-- name: ledger.recorded
-- use: query
-- The entries recorded under these idempotency keys.
SELECT at, body, epoch, key, kind, port, prev, seq, stream, v
FROM ledger_entries WHERE port = %(port)s AND key = ANY(%(keys)s::text[]);

-- name: ledger.read
-- use: query
-- Entries after a number, in order.
SELECT at, body, epoch, key, kind, port, prev, seq, stream, v
FROM ledger_entries WHERE port = %(port)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s;

-- name: ledger.read_stream
-- use: query
-- Entries of one stream after a number, in order.
SELECT at, body, epoch, key, kind, port, prev, seq, stream, v
FROM ledger_entries WHERE port = %(port)s AND stream = %(stream)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s;

-- name: ledger.get
-- use: query
-- One entry by its number.
SELECT at, body, epoch, key, kind, port, prev, seq, stream, v
FROM ledger_entries WHERE port = %(port)s AND seq = %(seq)s;

-- name: ledger.size
-- use: query
-- The number of entries.
SELECT sequence FROM ledger_writer WHERE port = %(port)s;

-- name: ledger.leaf_hashes
-- use: query
-- The leaf hashes of the entries with a number in (start, end].
SELECT hash FROM ledger_entries WHERE port = %(port)s AND seq > %(start)s AND seq <= %(end)s ORDER BY seq;

-- name: ledger.tiles
-- use: query
-- The roots of complete subtrees of one level, with a place in [start, end).
SELECT root FROM ledger_tiles
WHERE port = %(port)s AND level = %(level)s AND place >= %(start)s AND place < %(end)s ORDER BY place;

-- name: ledger.heads
-- use: query
-- The latest signed heads, newest first.
SELECT head FROM ledger_heads WHERE port = %(port)s ORDER BY number DESC LIMIT %(limit)s;

-- name: ledger.add_head
-- use: query
-- Keep a signed head.
INSERT INTO ledger_heads (port, size, at, head) VALUES (%(port)s, %(size)s, %(at)s, %(head)s);

-- name: ledger.make_subject_keys
-- use: query
-- Keep a wrapped key for each subject that has none.
INSERT INTO subject_keys (subject, wrapped_key)
SELECT * FROM unnest(%(subjects)s::text[], %(wrapped)s::bytea[]) ON CONFLICT (subject) DO NOTHING;

-- name: ledger.subject_keys
-- use: query
-- The wrapped keys of these subjects, NULL where a person is forgotten.
SELECT subject, wrapped_key FROM subject_keys WHERE subject = ANY(%(subjects)s::text[]);

-- name: ledger.sealed
-- use: query
-- What stands behind a commitment, with the wrapped key that opens it.
SELECT s.subject, s.nonce, s.ciphertext, k.wrapped_key
FROM sealed_personal s JOIN subject_keys k USING (subject)
WHERE s.port = %(port)s AND s.commitment = %(commitment)s LIMIT 1;

-- name: ledger.forget
-- use: query
-- Destroy a subject's key, and the way from the person's identity to the subject.
WITH gone AS (DELETE FROM subjects WHERE subject = %(subject)s)
UPDATE subject_keys SET wrapped_key = NULL, erased_at = %(at)s
WHERE subject = %(subject)s AND wrapped_key IS NOT NULL RETURNING 1;

-- name: ledger.make_subject
-- use: query
-- Name the subject of an identity, unless it has a name.
INSERT INTO subjects (fingerprint, subject) VALUES (%(fingerprint)s, %(subject)s) ON CONFLICT (fingerprint) DO NOTHING;

-- name: ledger.find_subject
-- use: query
-- The subject of an identity.
SELECT subject FROM subjects WHERE fingerprint = %(fingerprint)s;

-- name: ledger.hold_writer
-- use: query
-- Lock the writer's row until the transaction ends.
SELECT epoch FROM ledger_writer WHERE port = %(port)s FOR UPDATE;

-- name: ledger.last
-- use: query
-- The last entries with their hashes, newest first.
SELECT at, body, epoch, key, kind, port, prev, seq, stream, v, hash
FROM ledger_entries WHERE port = %(port)s AND seq <= %(sequence)s ORDER BY seq DESC LIMIT %(limit)s;

-- name: ledger.beyond
-- use: query
-- An entry beyond the last one that the writer's row knows, which must not be there.
SELECT seq FROM ledger_entries WHERE port = %(port)s AND seq > %(sequence)s LIMIT 1;
