-- name: network.admit_port
-- use: guard
-- Insert a port of which nothing was taken yet; refused where it is there.
INSERT INTO network_ports (port, last) VALUES (%(port)s, %(last)s) ON CONFLICT DO NOTHING RETURNING 1;

-- name: network.advance
-- use: guard
-- Move what is taken of a port on; refused where it stands elsewhere, or the port is suspended.
UPDATE network_ports
   SET taken = %(taken)s, last = %(last)s, epoch = %(epoch)s, entry_at = %(entry_at)s, heard_at = %(heard_at)s,
       size = greatest(size, %(size)s)
 WHERE port = %(port)s AND taken = %(before)s AND suspended IS NULL
RETURNING 1;

-- name: network.insert_entries
-- use: effect
-- Insert entries of a port, numbered from ``before`` + 1 in the order of the arrays; those that stand stay.
INSERT INTO network_entries (port, seq, leaf, entry)
SELECT %(port)s, %(before)s::bigint + e.n, e.leaf, convert_from(e.entry, 'UTF8')
FROM unnest(%(leaves)s::bytea[], %(entries)s::bytea[]) WITH ORDINALITY AS e (leaf, entry, n)
ON CONFLICT (port, seq) DO NOTHING;

-- name: network.insert_tile
-- use: effect
-- Insert the root of a subtree that is complete now.
INSERT INTO network_tiles (port, level, place, root) VALUES (%(port)s, %(level)s, %(place)s, %(root)s)
ON CONFLICT DO NOTHING;

-- name: network.open_passages
-- use: effect
-- Insert the passages that begin.
INSERT INTO network_passages (port, passage, lane, direction, opened_at, plate, held)
SELECT %(port)s, r.passage, r.lane, r.direction, r.opened_at, r.plate, coalesce(r.held, false)
FROM jsonb_to_recordset(%(rows)s::jsonb)
     AS r (passage text, lane text, direction text, opened_at bigint, plate text, held boolean)
WHERE r.opened_at IS NOT NULL ON CONFLICT DO NOTHING;

-- name: network.change_passages
-- use: effect
-- Change passages by what entries say of them.
UPDATE network_passages p
   SET plate = coalesce(r.plate, p.plate), held = coalesce(r.held, p.held),
       closed_at = coalesce(r.closed_at, p.closed_at), state = coalesce(r.state, p.state),
       stop_us = coalesce(r.stop_us, p.stop_us)
FROM jsonb_to_recordset(%(rows)s::jsonb)
     AS r (passage text, plate text, held boolean, closed_at bigint, state text, stop_us bigint)
WHERE p.port = %(port)s AND p.passage = r.passage;

-- name: network.count_closed
-- use: effect
-- Add the passages that ended to the hours in which they did.
INSERT INTO network_flow AS f (port, hour, released_in, released_out, diverted, refused)
SELECT p.port, r.closed_at / 3600000000 * 3600000000,
       count(*) FILTER (WHERE r.state = 'cleared' AND p.direction = 'in'),
       count(*) FILTER (WHERE r.state = 'cleared' AND p.direction = 'out'),
       count(*) FILTER (WHERE r.state = 'diverted'), count(*) FILTER (WHERE r.state = 'refused')
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (passage text, closed_at bigint, state text)
     JOIN network_passages p ON p.port = %(port)s AND p.passage = r.passage
WHERE r.closed_at IS NOT NULL GROUP BY 1, 2
ON CONFLICT (port, hour) DO UPDATE
   SET released_in = f.released_in + excluded.released_in, released_out = f.released_out + excluded.released_out,
       diverted = f.diverted + excluded.diverted, refused = f.refused + excluded.refused;

-- name: network.witness
-- use: guard
-- Note the largest head of a port that was witnessed; refused where one as large was.
UPDATE network_ports SET witnessed_size = %(size)s, witnessed_at = %(at)s
WHERE port = %(port)s AND witnessed_size < %(size)s::bigint RETURNING 1;

-- name: network.suspend
-- use: guard
-- Take nothing more from a port; refused where that is so.
UPDATE network_ports SET suspended = %(rule)s WHERE port = %(port)s AND suspended IS NULL RETURNING 1;

-- name: network.resume
-- use: guard
-- Take entries of a port again; refused where it is not suspended.
UPDATE network_ports SET suspended = NULL WHERE port = %(port)s AND suspended IS NOT NULL RETURNING 1;

-- name: network.raise_alarm
-- use: effect
-- Insert an alarm, unless its number stands.
INSERT INTO network_alarms (number, port, at, priority, code, params)
VALUES (%(number)s, %(port)s, %(at)s, %(priority)s, %(code)s, %(params)s) ON CONFLICT DO NOTHING;

-- name: network.acknowledge_alarm
-- use: guard
-- Note who acknowledged an alarm; refused where somebody did, or there is none.
UPDATE network_alarms SET acknowledged_by = %(by)s WHERE number = %(number)s AND acknowledged_by IS NULL RETURNING 1;

-- name: network.place_hold
-- use: guard
-- Insert a hold; refused where its number exists.
INSERT INTO network_holds (number, authority, kind, plate, container, reason, placed_by, placed_at, lifted_by, lifted_at)
VALUES (%(number)s, %(authority)s, %(kind)s, %(plate)s, %(container)s, %(reason)s, %(placed_by)s, %(placed_at)s,
        %(lifted_by)s, %(lifted_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: network.lift_hold
-- use: guard
-- Lift a hold that is in force; else refused.
UPDATE network_holds SET lifted_by = %(lifted_by)s, lifted_at = %(lifted_at)s
WHERE number = %(number)s AND lifted_at IS NULL RETURNING 1;

-- name: network.add_watch
-- use: guard
-- Insert what is watched for; refused where its number exists.
INSERT INTO network_watched (number, authority, plate, container, document_commitment, reason, added_by, added_at)
VALUES (%(number)s, %(authority)s, %(plate)s, %(container)s, %(document_commitment)s, %(reason)s, %(added_by)s,
        %(added_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: network.remove_watch
-- use: guard
-- Remove what is watched for; refused where it is not.
DELETE FROM network_watched WHERE number = %(number)s RETURNING 1;

-- name: network.preauthorise
-- use: effect
-- Insert or replace a vehicle that may pass while the hub cannot be reached.
INSERT INTO network_preauthorised (plate, trailer, carrier, not_before, expires_at, low_risk, given_by, given_at)
VALUES (%(plate)s, %(trailer)s, %(carrier)s, %(not_before)s, %(expires_at)s, %(low_risk)s, %(given_by)s, %(given_at)s)
ON CONFLICT (plate) DO UPDATE
   SET trailer = excluded.trailer, carrier = excluded.carrier, not_before = excluded.not_before,
       expires_at = excluded.expires_at, low_risk = excluded.low_risk, given_by = excluded.given_by,
       given_at = excluded.given_at;

-- name: network.withdraw
-- use: guard
-- Remove a vehicle's permit; refused where it has none.
DELETE FROM network_preauthorised WHERE plate = %(plate)s RETURNING 1;

-- name: network.publish_rulebook
-- use: guard
-- Insert a rulebook; refused where this version of it exists.
INSERT INTO network_rulebooks (name, version, effective_from, text, published_by, published_at)
VALUES (%(name)s, %(version)s, %(effective_from)s, %(text)s, %(published_by)s, %(published_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: network.issue
-- use: effect
-- Note the version of a kind that is issued to a port.
INSERT INTO network_issued (port, kind, version, digest) VALUES (%(port)s, %(kind)s, %(version)s, %(digest)s)
ON CONFLICT (port, kind) DO UPDATE SET version = excluded.version, digest = excluded.digest;

-- name: network.keep_bulletin
-- use: guard
-- Keep a bulletin of a later version than the one that is kept; else refused.
INSERT INTO network_bulletins AS b (port, kind, version, issued_at, received_at, signed)
VALUES (%(port)s, %(kind)s, %(version)s, %(issued_at)s, %(received_at)s, %(signed)s)
ON CONFLICT (port, kind) DO UPDATE
   SET version = excluded.version, issued_at = excluded.issued_at, received_at = excluded.received_at,
       signed = excluded.signed
 WHERE b.version < excluded.version
RETURNING 1;

-- name: network.refresh_bulletin
-- use: query
-- Keep a later issue of the version that is kept.
UPDATE network_bulletins SET issued_at = %(issued_at)s, received_at = %(received_at)s, signed = %(signed)s
WHERE port = %(port)s AND kind = %(kind)s AND version = %(version)s AND issued_at < %(issued_at)s;

-- name: network.bulletins
-- use: query
-- The bulletins that a port keeps.
SELECT kind, version, issued_at, received_at, signed FROM network_bulletins WHERE port = %(port)s ORDER BY kind;

-- name: network.add_witness
-- use: query
-- Keep the hub's word on a head.
INSERT INTO network_witnesses (port, size, at, signed) VALUES (%(port)s, %(size)s, %(at)s, %(signed)s)
ON CONFLICT DO NOTHING;

-- name: network.latest_witness
-- use: query
-- The hub's word on the largest head.
SELECT signed FROM network_witnesses WHERE port = %(port)s ORDER BY size DESC LIMIT 1;

-- name: network.hear
-- use: query
-- Note that a port was heard, and how many entries it has.
UPDATE network_ports SET heard_at = %(at)s, size = %(size)s WHERE port = %(port)s;

-- name: network.ports
-- use: query
-- Every port that was admitted, by name.
SELECT port, taken, last, epoch, size, heard_at, entry_at, suspended, witnessed_size, witnessed_at
FROM network_ports ORDER BY port;

-- name: network.entries
-- use: query
-- A port's entries after a number, in order, as they came.
SELECT entry FROM network_entries WHERE port = %(port)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s;

-- name: network.leaf
-- use: query
-- The leaf hash of one entry of a port.
SELECT leaf FROM network_entries WHERE port = %(port)s AND seq = %(seq)s;

-- name: network.leaves
-- use: query
-- The leaf hashes of a port's entries with a number in (start, end].
SELECT leaf FROM network_entries WHERE port = %(port)s AND seq > %(start)s AND seq <= %(end)s ORDER BY seq;

-- name: network.tiles
-- use: query
-- The roots of complete subtrees of one level of a port's copy, with a place in [start, end).
SELECT root FROM network_tiles
WHERE port = %(port)s AND level = %(level)s AND place >= %(start)s AND place < %(end)s ORDER BY place;

-- name: network.passages
-- use: query
-- What is known of passages of a port.
SELECT passage, lane, direction, opened_at, plate, held, closed_at, state, stop_us
FROM network_passages WHERE port = %(port)s AND passage = ANY(%(names)s::text[]);

-- name: network.presences
-- use: query
-- Where plates stood within a span; a passage that is open lasts until its port's latest entry.
SELECT p.plate, p.port, p.lane, p.direction, p.passage, p.opened_at,
       greatest(p.opened_at, coalesce(p.closed_at, n.entry_at, p.opened_at))
FROM network_passages p JOIN network_ports n USING (port)
WHERE p.plate = ANY(%(plates)s::text[]) AND p.opened_at <= %(until)s
  AND greatest(p.opened_at, coalesce(p.closed_at, n.entry_at, p.opened_at)) >= %(since)s
ORDER BY p.opened_at, p.port, p.passage;

-- name: network.sightings
-- use: query
-- The passages with a plate that began at or after an instant, oldest first.
SELECT plate, port, lane, opened_at, direction FROM network_passages
WHERE plate IS NOT NULL AND opened_at >= %(since)s ORDER BY opened_at, port, passage;

-- name: network.find_alarm
-- use: query
-- One alarm.
SELECT number, port, at, priority, code, params, acknowledged_by FROM network_alarms WHERE number = %(number)s;

-- name: network.alarms
-- use: query
-- The latest alarms, those that nobody acknowledged first.
SELECT number, port, at, priority, code, params, acknowledged_by FROM network_alarms
ORDER BY acknowledged_by IS NULL DESC, at DESC, number LIMIT %(limit)s;

-- name: network.holds
-- use: query
-- The holds in force, oldest first.
SELECT number, authority, kind, plate, container, reason, placed_by, placed_at, lifted_by, lifted_at
FROM network_holds WHERE lifted_at IS NULL ORDER BY placed_at, number;

-- name: network.watched
-- use: query
-- What is watched for, oldest first.
SELECT number, authority, plate, container, document_commitment, reason, added_by, added_at
FROM network_watched ORDER BY added_at, number;

-- name: network.preauthorised
-- use: query
-- The pre-authorised vehicles whose time has not passed, by plate.
SELECT plate, trailer, carrier, not_before, expires_at, low_risk, given_by, given_at
FROM network_preauthorised WHERE expires_at > %(now)s ORDER BY plate;

-- name: network.rulebooks
-- use: query
-- Every published rulebook, by name and when it takes effect.
SELECT name, version, effective_from, text, published_by, published_at
FROM network_rulebooks ORDER BY name, effective_from, version;

-- name: network.issued
-- use: query
-- What was issued last, by port and kind.
SELECT port, kind, version, digest FROM network_issued ORDER BY port, kind;

-- name: network.traffic
-- use: query
-- Each port's open passages, those that wait for a person, and its releases since an hour and a day ago.
SELECT port, count(*) FILTER (WHERE closed_at IS NULL), count(*) FILTER (WHERE closed_at IS NULL AND held),
       count(*) FILTER (WHERE state = 'cleared' AND direction = 'in' AND closed_at > %(hour_ago)s),
       count(*) FILTER (WHERE state = 'cleared' AND direction = 'out' AND closed_at > %(hour_ago)s),
       count(*) FILTER (WHERE state = 'cleared' AND direction = 'in'),
       count(*) FILTER (WHERE state = 'cleared' AND direction = 'out'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY stop_us)
           FILTER (WHERE state = 'cleared' AND stop_us IS NOT NULL AND closed_at > %(hour_ago)s)
FROM network_passages WHERE closed_at IS NULL OR closed_at > %(day_ago)s GROUP BY port ORDER BY port;

-- name: network.flow
-- use: query
-- The traffic by hour from an instant to before another, of one port if given, oldest first.
SELECT port, hour, released_in, released_out, diverted, refused FROM network_flow
WHERE (%(only)s::text IS NULL OR port = %(only)s::text) AND hour >= %(since)s AND hour < %(until)s ORDER BY hour, port;
