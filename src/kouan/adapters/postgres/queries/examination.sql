-- name: examination.open
-- use: guard
-- Insert an examination; refused where its number exists, or its vehicle has one that goes on.
INSERT INTO examinations (port, number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at,
                          changed_at, closed_at, outcome, document)
VALUES (%(port)s, %(number)s, %(version)s, %(state)s, %(plate)s, %(passage)s, %(agencies)s, %(bay)s, %(starts_at)s,
        %(promised_at)s, %(ordered_at)s, %(changed_at)s, %(closed_at)s, %(outcome)s, %(document)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: examination.update
-- use: guard
-- Replace an examination that goes on by its next version; else refused.
UPDATE examinations
SET version = %(version)s, state = %(state)s, plate = %(plate)s, passage = %(passage)s, agencies = %(agencies)s,
    bay = %(bay)s, starts_at = %(starts_at)s, promised_at = %(promised_at)s, ordered_at = %(ordered_at)s,
    changed_at = %(changed_at)s, closed_at = %(closed_at)s, outcome = %(outcome)s, document = %(document)s
WHERE port = %(port)s AND number = %(number)s AND version = %(version)s - 1 AND closed_at IS NULL RETURNING 1;

-- name: examination.find
-- use: query
-- One examination.
SELECT number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at, changed_at, closed_at,
       outcome, document
FROM examinations WHERE port = %(port)s AND number = %(number)s;

-- name: examination.going_on
-- use: query
-- The examinations that go on, oldest order first.
SELECT number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at, changed_at, closed_at,
       outcome, document
FROM examinations WHERE port = %(port)s AND closed_at IS NULL ORDER BY ordered_at, number COLLATE "C";

-- name: examination.open_of_plate
-- use: query
-- The examination of a vehicle that goes on.
SELECT number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at, changed_at, closed_at,
       outcome, document
FROM examinations WHERE port = %(port)s AND plate = %(plate)s AND closed_at IS NULL;

-- name: examination.latest_of_plate
-- use: query
-- The examination of a vehicle that was ordered last.
SELECT number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at, changed_at, closed_at,
       outcome, document
FROM examinations WHERE port = %(port)s AND plate = %(plate)s ORDER BY ordered_at DESC, number COLLATE "C" DESC LIMIT 1;

-- name: examination.list
-- use: query
-- The examinations ordered before an instant, newest first.
SELECT number, version, state, plate, passage, agencies, bay, starts_at, promised_at, ordered_at, changed_at, closed_at,
       outcome, document
FROM examinations WHERE port = %(port)s AND ordered_at < %(before)s
ORDER BY ordered_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;
