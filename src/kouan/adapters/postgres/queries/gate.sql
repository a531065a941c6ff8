-- name: gate.open_passage
-- use: guard
-- Insert a passage; refused where it exists, or its lane and track have an open one.
INSERT INTO gate_passages (port, passage, version, lane, direction, track, state, document, plate, trailer, cargo, visit,
                           outcome, review_outcome, review_authority, opened_at, updated_at, closed_at, stop_ms)
VALUES (%(port)s, %(passage)s, %(version)s, %(lane)s, %(direction)s, %(track)s, %(state)s, %(document)s, %(plate)s,
        %(trailer)s, %(cargo)s, %(visit)s, %(outcome)s, %(review_outcome)s, %(review_authority)s, %(opened_at)s,
        %(updated_at)s, %(closed_at)s, %(stop_ms)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: gate.update_passage
-- use: guard
-- Replace a passage by a later version; refused where one as late stands.
UPDATE gate_passages
   SET version = %(version)s, lane = %(lane)s, direction = %(direction)s, track = %(track)s, state = %(state)s,
       document = %(document)s, plate = %(plate)s, trailer = %(trailer)s, cargo = %(cargo)s, visit = %(visit)s,
       outcome = %(outcome)s, review_outcome = %(review_outcome)s, review_authority = %(review_authority)s,
       opened_at = %(opened_at)s, updated_at = %(updated_at)s, closed_at = %(closed_at)s, stop_ms = %(stop_ms)s
 WHERE port = %(port)s AND passage = %(passage)s AND version < %(version)s::bigint
RETURNING 1;

-- name: gate.close_passage
-- use: guard
-- Replace an open passage by its last version; refused where one as late stands, or it is closed.
UPDATE gate_passages
   SET version = %(version)s, lane = %(lane)s, direction = %(direction)s, track = %(track)s, state = %(state)s,
       document = %(document)s, plate = %(plate)s, trailer = %(trailer)s, cargo = %(cargo)s, visit = %(visit)s,
       outcome = %(outcome)s, review_outcome = %(review_outcome)s, review_authority = %(review_authority)s,
       opened_at = %(opened_at)s, updated_at = %(updated_at)s, closed_at = %(closed_at)s, stop_ms = %(stop_ms)s
 WHERE port = %(port)s AND passage = %(passage)s AND version < %(version)s::bigint AND closed_at IS NULL
RETURNING 1;

-- name: gate.add_entries
-- use: effect
-- fills: sequences
-- Note which entries of other streams belong to a passage.
INSERT INTO gate_entries (port, passage, seq)
SELECT %(port)s, %(passage)s, seq FROM unnest(%(sequences)s::bigint[]) AS seq ON CONFLICT DO NOTHING;

-- name: gate.raise_epoch
-- use: guard
-- Raise a lane's hold epoch by one, from 0 where it has none; refused where it stands elsewhere.
INSERT INTO gate_lane_epochs AS e (port, lane, epoch)
SELECT %(port)s, %(lane)s, %(epoch)s::bigint
WHERE %(epoch)s::bigint = 1
   OR EXISTS (SELECT FROM gate_lane_epochs WHERE port = %(port)s AND lane = %(lane)s AND epoch = %(epoch)s::bigint - 1)
ON CONFLICT (port, lane) DO UPDATE SET epoch = excluded.epoch WHERE e.epoch = excluded.epoch - 1
RETURNING 1;

-- name: gate.update_lane
-- use: effect
-- Replace a lane's state.
INSERT INTO gate_lanes (port, lane, document, updated_at)
VALUES (%(port)s, %(lane)s, %(document)s, %(updated_at)s)
ON CONFLICT (port, lane) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at;

-- name: gate.note_exception
-- use: effect
-- Insert an exception that a person gave.
INSERT INTO gate_exceptions (port, passage, rule, by, confirmed_by, at)
VALUES (%(port)s, %(passage)s, %(rule)s, %(by)s, %(confirmed_by)s, %(at)s);

-- name: gate.within_cap
-- use: guard
-- Hold where a person gave fewer exceptions after an instant than are allowed.
SELECT 1
WHERE (SELECT count(*) FROM gate_exceptions WHERE port = %(port)s AND by = %(by)s AND at > %(since)s) < %(most)s;

-- name: gate.note_sighting
-- use: effect
-- Replace where a plate was last seen, unless a later sighting stands.
INSERT INTO gate_sightings AS s (port, plate, lane, direction, passage, at)
VALUES (%(port)s, %(plate)s, %(lane)s, %(direction)s, %(passage)s, %(at)s)
ON CONFLICT (port, plate) DO UPDATE
   SET lane = excluded.lane, direction = excluded.direction, passage = excluded.passage, at = excluded.at
 WHERE s.at <= excluded.at;

-- name: gate.open_visit
-- use: guard
-- Insert a visit; refused where it exists, or the plate has one open.
INSERT INTO gate_visits (port, visit, plate, in_passage, opened_at, out_passage, closed_at)
VALUES (%(port)s, %(visit)s, %(plate)s, %(in_passage)s, %(opened_at)s, %(out_passage)s, %(closed_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: gate.close_visit
-- use: guard
-- End a visit that is open; else refused.
UPDATE gate_visits SET closed_at = %(closed_at)s, out_passage = %(out_passage)s
WHERE port = %(port)s AND visit = %(visit)s AND closed_at IS NULL RETURNING 1;

-- name: gate.open_passages
-- use: query
-- Every passage that is not closed, oldest first.
SELECT passage, version, lane, direction, track, state, document, plate, trailer, cargo, visit, outcome, review_outcome,
       review_authority, opened_at, updated_at, closed_at, stop_ms
FROM gate_passages WHERE port = %(port)s AND closed_at IS NULL ORDER BY opened_at, passage;

-- name: gate.find_passage
-- use: query
-- One passage.
SELECT passage, version, lane, direction, track, state, document, plate, trailer, cargo, visit, outcome, review_outcome,
       review_authority, opened_at, updated_at, closed_at, stop_ms
FROM gate_passages WHERE port = %(port)s AND passage = %(passage)s;

-- name: gate.list_passages
-- use: query
-- Passages opened from one instant to before another, newest first, of one state if given.
SELECT passage, version, lane, direction, track, state, document, plate, trailer, cargo, visit, outcome, review_outcome,
       review_authority, opened_at, updated_at, closed_at, stop_ms
FROM gate_passages
WHERE port = %(port)s AND opened_at >= %(since)s AND opened_at < %(before)s
  AND (%(state)s::text IS NULL OR state = %(state)s::text)
ORDER BY opened_at DESC, passage DESC LIMIT %(limit)s;

-- name: gate.open_reviews
-- use: query
-- Passages that wait for a person, oldest first.
SELECT passage, version, lane, direction, track, state, document, plate, trailer, cargo, visit, outcome, review_outcome,
       review_authority, opened_at, updated_at, closed_at, stop_ms
FROM gate_passages WHERE port = %(port)s AND state = 'in_review' AND closed_at IS NULL ORDER BY opened_at, passage;

-- name: gate.entries_of
-- use: query
-- The numbers of a passage's entries.
SELECT seq FROM ledger_entries WHERE port = %(port)s AND stream = %(passage)s
UNION SELECT seq FROM gate_entries WHERE port = %(port)s AND passage = %(passage)s
ORDER BY seq;

-- name: gate.lanes
-- use: query
-- The state of every lane.
SELECT lane, document, updated_at FROM gate_lanes WHERE port = %(port)s ORDER BY lane;

-- name: gate.lane_epochs
-- use: query
-- The hold epoch of every lane that has one.
SELECT lane, epoch FROM gate_lane_epochs WHERE port = %(port)s ORDER BY lane;

-- name: gate.count_exceptions
-- use: query
-- How many exceptions a person gave after an instant.
SELECT count(*) FROM gate_exceptions WHERE port = %(port)s AND by = %(by)s AND at > %(since)s;

-- name: gate.find_sighting
-- use: query
-- Where a plate was last seen.
SELECT plate, port, lane, direction, passage, at FROM gate_sightings WHERE port = %(port)s AND plate = %(plate)s;

-- name: gate.find_open_visit
-- use: query
-- The visit of a vehicle that has not ended.
SELECT visit, plate, in_passage, opened_at, out_passage, closed_at
FROM gate_visits WHERE port = %(port)s AND plate = %(plate)s AND closed_at IS NULL;
