-- name: release.insert_lot
-- use: guard
-- Insert a lot; refused where its number exists.
INSERT INTO release_lots (port, number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee,
                          regime, state, declared_at, arrived_at, deadline, changed_at, standing, rule, lift_by,
                          lift_reason)
VALUES (%(port)s, %(number)s, %(version)s, %(declaration)s, %(line)s, %(hs_code)s, %(goods)s, %(direction)s,
        %(mass_kg)s, %(consignee)s, %(regime)s, %(state)s, %(declared_at)s, %(arrived_at)s, %(deadline)s,
        %(changed_at)s, %(standing)s, %(rule)s, %(lift_by)s, %(lift_reason)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: release.move_lot
-- use: guard
-- Replace a lot by its next version; refused where somebody else has moved it.
UPDATE release_lots
   SET version = %(version)s, hs_code = %(hs_code)s, goods = %(goods)s, mass_kg = %(mass_kg)s, consignee =
       %(consignee)s, regime = %(regime)s, state = %(state)s, arrived_at = %(arrived_at)s, deadline =
       %(deadline)s, changed_at = %(changed_at)s, standing = %(standing)s, rule = %(rule)s, lift_by =
       %(lift_by)s, lift_reason = %(lift_reason)s
 WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1
RETURNING 1;

-- name: release.may_leave
-- use: guard
-- Find a lot, as it was read, in a state in which goods may leave, with no deadline passed; refused where there is none.
SELECT 1 FROM release_lots
WHERE port = %(port)s AND number = %(number)s AND version = %(version)s
  AND state IN ('conditionally_released', 'passed', 'certified', 'free') AND (deadline IS NULL OR deadline > %(at)s)
FOR UPDATE;

-- name: release.insert_sample
-- use: guard
-- Insert a sample; refused where its number exists.
INSERT INTO release_samples (port, number, lot, duplicate_of, seal, taken_by, witness, location, taken_at, result,
                             passed)
VALUES (%(port)s, %(number)s, %(lot)s, %(duplicate_of)s, %(seal)s, %(taken_by)s, %(witness)s, %(location)s, %(taken_at)s,
        %(result)s, %(passed)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: release.note_result
-- use: guard
-- Note the result of a sample of a lot; refused where it has one.
UPDATE release_samples SET result = %(result)s, passed = %(passed)s
WHERE port = %(port)s AND number = %(number)s AND lot = %(lot)s AND result IS NULL
RETURNING 1;

-- name: release.hand_over
-- use: guard
-- Insert the next link of a chain of custody; refused where it is not the next.
INSERT INTO release_custody (port, item, step, lot, location, holder, seal, since, noted_by)
SELECT %(port)s, %(item)s, %(step)s, %(lot)s, %(location)s, %(holder)s, %(seal)s, %(since)s, %(noted_by)s
 WHERE %(step)s::bigint - 1 = (
    SELECT coalesce(max(step), 0) FROM release_custody WHERE port = %(port)s AND item = %(item)s
 )
ON CONFLICT DO NOTHING RETURNING 1;

-- name: release.find_lot
-- use: query
-- Return one lot.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots WHERE port = %(port)s AND number = %(number)s;

-- name: release.lots_of_declaration
-- use: query
-- Return the lots of a declaration, by line.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots WHERE port = %(port)s AND declaration = %(declaration)s ORDER BY line;

-- name: release.lots_of_certificate
-- use: query
-- Return the lots that a certificate frees now, by number; asked only where one is issued anew, so it has no index.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots
WHERE port = %(port)s AND state = 'free'
  AND convert_from(standing, 'UTF8')::jsonb ->> 'certificate' = %(certificate)s ORDER BY number;

-- name: release.declarations_pressing
-- use: query
-- Return the declarations with a lot that waits, or a full form that is due, after a place in the order of their urgency.
WITH each AS (
  SELECT declaration AS number, deadline, array_position(%(pressing)s::text[], state) AS rank,
         state = ANY(%(late)s::text[]) AS late, true AS waits
  FROM release_lots
  WHERE port = %(port)s AND deadline IS NOT NULL
  UNION ALL
  SELECT number, CASE WHEN step = 'summary' AND status <> 'cancelled' THEN full_due END, NULL, NULL,
         step = 'summary' AND status <> 'cancelled' AND full_due <= %(at)s
  FROM papers_declarations
  WHERE port = %(port)s AND full_due IS NOT NULL
), standing AS (
  SELECT number, min(deadline) AS deadline, min(rank) AS rank, bool_or(waits) AS waits,
         coalesce(bool_or(late), false) OR coalesce(min(deadline) <= %(at)s, false) AS late
  FROM each GROUP BY number
), placed AS (
  SELECT CASE WHEN late THEN 0 ELSE 1 END AS late, coalesce(rank - 1, cardinality(%(pressing)s::text[])) AS rank,
         coalesce(deadline, %(never)s) AS deadline, number COLLATE "C" AS number
  FROM standing WHERE waits
)
SELECT late, rank, deadline, number FROM placed
WHERE (late, rank, deadline, number) > (%(after_late)s, %(after_rank)s, %(after_deadline)s, %(after_number)s)
ORDER BY late, rank, deadline, number LIMIT %(limit)s;

-- name: release.declarations_found
-- use: query
-- Return the declarations of some numbers, or with a lot of a consignee, after a place in the order of their urgency.
WITH each AS (
  SELECT declaration AS number, deadline, array_position(%(pressing)s::text[], state) AS rank,
         state = ANY(%(late)s::text[]) AS late
  FROM release_lots
  WHERE port = %(port)s AND (%(numbers)s::text[] IS NULL OR declaration = ANY(%(numbers)s::text[]))
    AND (%(consignee)s::text IS NULL OR declaration IN
         (SELECT declaration FROM release_lots WHERE port = %(port)s AND consignee = %(consignee)s::text))
  UNION ALL
  SELECT number, CASE WHEN step = 'summary' AND status <> 'cancelled' THEN full_due END, NULL, NULL
  FROM papers_declarations
  WHERE port = %(port)s AND (%(numbers)s::text[] IS NULL OR number = ANY(%(numbers)s::text[]))
    AND (%(consignee)s::text IS NULL OR number IN
         (SELECT declaration FROM release_lots WHERE port = %(port)s AND consignee = %(consignee)s::text))
), standing AS (
  SELECT number, min(deadline) AS deadline, min(rank) AS rank,
         coalesce(bool_or(late), false) OR coalesce(min(deadline) <= %(at)s, false) AS late
  FROM each GROUP BY number
), placed AS (
  SELECT CASE WHEN late THEN 0 ELSE 1 END AS late, coalesce(rank - 1, cardinality(%(pressing)s::text[])) AS rank,
         coalesce(deadline, %(never)s) AS deadline, number COLLATE "C" AS number
  FROM standing
)
SELECT late, rank, deadline, number FROM placed
WHERE (late, rank, deadline, number) > (%(after_late)s, %(after_rank)s, %(after_deadline)s, %(after_number)s)
ORDER BY late, rank, deadline, number LIMIT %(limit)s;

-- name: release.lots_due
-- use: query
-- Return the lots whose deadline has passed at an instant, the earliest first.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots WHERE port = %(port)s AND deadline <= %(at)s ORDER BY deadline, number COLLATE "C" LIMIT %(limit)s;

-- name: release.lots_waiting
-- use: query
-- Return the lots in no final state that come after a number, by number.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots
WHERE port = %(port)s AND deadline IS NOT NULL AND number COLLATE "C" > %(after)s
ORDER BY number COLLATE "C" LIMIT %(limit)s;

-- name: release.lots_in
-- use: query
-- Return the lots in a state, the earliest deadline first.
SELECT number, version, declaration, line, hs_code, goods, direction, mass_kg, consignee, regime, state, declared_at,
       arrived_at, deadline, changed_at, standing, rule, lift_by, lift_reason
FROM release_lots WHERE port = %(port)s AND state = %(state)s
ORDER BY deadline NULLS LAST, number COLLATE "C" LIMIT %(limit)s;

-- name: release.next_deadline
-- use: query
-- Return the earliest deadline of all lots.
SELECT min(deadline) FROM release_lots WHERE port = %(port)s;

-- name: release.samples_of
-- use: query
-- Return the samples of a lot, by number.
SELECT number, lot, duplicate_of, seal, taken_by, witness, location, taken_at, result, passed
FROM release_samples WHERE port = %(port)s AND lot = %(lot)s ORDER BY number COLLATE "C";

-- name: release.custody_of
-- use: query
-- Return the chain of custody of a lot or a sample, from its first link.
SELECT item, step, lot, location, holder, seal, since, noted_by
FROM release_custody WHERE port = %(port)s AND item = %(item)s ORDER BY step;
