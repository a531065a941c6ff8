-- name: papers.insert_confirmation
-- use: guard
-- Insert a confirmation; refused where its number exists.
INSERT INTO papers_confirmations (port, number, version, batch, direction, plate, trailer, containers, digest, document,
                                  state, submitted_at, changed_at, arrived_at, passage)
VALUES (%(port)s, %(number)s, %(version)s, %(batch)s, %(direction)s, %(plate)s, %(trailer)s, %(containers)s, %(digest)s,
        %(document)s, %(state)s, %(submitted_at)s, %(changed_at)s, %(arrived_at)s, %(passage)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_confirmation
-- use: guard
-- Replace an active confirmation by its next version; what was noted of its vehicle stays.
UPDATE papers_confirmations
   SET version = %(version)s, batch = %(batch)s, direction = %(direction)s, plate = %(plate)s, trailer = %(trailer)s,
       containers = %(containers)s, digest = %(digest)s, document = %(document)s, state = %(state)s,
       changed_at = %(changed_at)s
 WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1 AND state = 'active'
RETURNING 1;

-- name: papers.note_arrival
-- use: effect
-- Note when a confirmation's vehicle first stood at the gate.
UPDATE papers_confirmations SET arrived_at = %(at)s
WHERE port = %(port)s AND number = %(number)s AND arrived_at IS NULL;

-- name: papers.use_confirmation
-- use: guard
-- Mark an active confirmation as used by a passage.
UPDATE papers_confirmations SET state = 'used', passage = %(passage)s, changed_at = %(at)s
WHERE port = %(port)s AND number = %(number)s AND state = 'active' RETURNING 1;

-- name: papers.insert_manifest
-- use: guard
-- Insert a manifest; refused where its number exists.
INSERT INTO papers_manifests (port, number, version, batch, direction, digest, document, state, submitted_at, changed_at)
VALUES (%(port)s, %(number)s, %(version)s, %(batch)s, %(direction)s, %(digest)s, %(document)s, %(state)s,
        %(submitted_at)s, %(changed_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_manifest
-- use: guard
-- Replace an active manifest by its next version.
UPDATE papers_manifests
   SET version = %(version)s, batch = %(batch)s, direction = %(direction)s, digest = %(digest)s,
       document = %(document)s, state = %(state)s, changed_at = %(changed_at)s
 WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1 AND state = 'active'
RETURNING 1;

-- name: papers.drop_consignments
-- use: guard
-- Delete the active consignments of a manifest, before those of its next version are inserted; never refuses.
WITH dropped AS (
    UPDATE papers_consignments SET state = 'deleted'
    WHERE port = %(port)s AND manifest = %(manifest)s AND direction = %(direction)s AND state = 'active'
), guarded AS (SELECT 1);

-- name: papers.insert_consignment
-- use: guard
-- Insert a consignment or take over a deleted one; refused where one is active, or more has crossed than is declared.
INSERT INTO papers_consignments AS c (port, number, direction, manifest, batch, hs_code, goods, gross_kg, declaration,
                                      state, crossed_kg)
VALUES (%(port)s, %(number)s, %(direction)s, %(manifest)s, %(batch)s, %(hs_code)s, %(goods)s, %(gross_kg)s,
        %(declaration)s, %(state)s, %(crossed_kg)s)
ON CONFLICT (port, number, direction) DO UPDATE
   SET manifest = excluded.manifest, batch = excluded.batch, hs_code = excluded.hs_code, goods = excluded.goods,
       gross_kg = excluded.gross_kg, declaration = excluded.declaration, state = excluded.state
 WHERE c.state = 'deleted' AND c.crossed_kg <= excluded.gross_kg
RETURNING 1;

-- name: papers.write_off
-- use: guard
-- Add what crossed to an active consignment; refused beyond what is declared.
UPDATE papers_consignments SET crossed_kg = crossed_kg + %(mass_kg)s
WHERE port = %(port)s AND number = %(number)s AND direction = %(direction)s AND state = 'active'
  AND crossed_kg + %(mass_kg)s BETWEEN 0 AND gross_kg
RETURNING 1;

-- name: papers.insert_declaration
-- use: guard
-- Insert a declaration; refused where its number exists.
INSERT INTO papers_declarations (port, number, version, direction, status, transit, digest, document, submitted_at,
                                 changed_at)
VALUES (%(port)s, %(number)s, %(version)s, %(direction)s, %(status)s, %(transit)s, %(digest)s, %(document)s,
        %(submitted_at)s, %(changed_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_declaration
-- use: guard
-- Replace a declaration by its next version.
UPDATE papers_declarations
   SET version = %(version)s, direction = %(direction)s, status = %(status)s, transit = %(transit)s,
       digest = %(digest)s, document = %(document)s, changed_at = %(changed_at)s
 WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1
RETURNING 1;

-- name: papers.delete_batch
-- use: guard
-- Delete all active papers of a batch; refused where there is none, or a vehicle of the batch has crossed.
WITH allowed AS (
    SELECT 1 WHERE NOT EXISTS (
        SELECT FROM papers_confirmations WHERE port = %(port)s AND batch = %(batch)s AND state = 'used'
    ) AND (EXISTS (
        SELECT FROM papers_confirmations WHERE port = %(port)s AND batch = %(batch)s AND state = 'active'
    ) OR EXISTS (
        SELECT FROM papers_manifests WHERE port = %(port)s AND batch = %(batch)s AND state = 'active'
    ))
), confirmations AS (
    UPDATE papers_confirmations SET state = 'deleted', changed_at = %(at)s FROM allowed
    WHERE port = %(port)s AND batch = %(batch)s AND state = 'active'
), manifests AS (
    UPDATE papers_manifests SET state = 'deleted', changed_at = %(at)s FROM allowed
    WHERE port = %(port)s AND batch = %(batch)s AND state = 'active'
), consignments AS (
    UPDATE papers_consignments SET state = 'deleted' FROM allowed
    WHERE port = %(port)s AND batch = %(batch)s AND state = 'active'
), guarded AS (SELECT 1 FROM allowed);

-- name: papers.place_order
-- use: guard
-- Insert a control order; refused where its number exists.
INSERT INTO papers_orders (port, number, authority, kind, plate, container, consignment, declaration, reason, placed_by,
                           placed_at, valid_from, valid_until, lifted_by, lifted_at, lift_reason)
VALUES (%(port)s, %(number)s, %(authority)s, %(kind)s, %(plate)s, %(container)s, %(consignment)s, %(declaration)s,
        %(reason)s, %(placed_by)s, %(placed_at)s, %(valid_from)s, %(valid_until)s, %(lifted_by)s, %(lifted_at)s,
        %(lift_reason)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.lift_order
-- use: guard
-- Lift a control order of this authority that is not lifted; else refused.
UPDATE papers_orders SET lifted_by = %(lifted_by)s, lifted_at = %(lifted_at)s, lift_reason = %(lift_reason)s
WHERE port = %(port)s AND number = %(number)s AND authority = %(authority)s AND lifted_at IS NULL RETURNING 1;

-- name: papers.find_confirmation
-- use: query
-- One confirmation.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage
FROM papers_confirmations WHERE port = %(port)s AND number = %(number)s;

-- name: papers.confirmations_of_plate
-- use: query
-- The active confirmations of a vehicle in one direction, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage
FROM papers_confirmations
WHERE port = %(port)s AND plate = %(plate)s AND direction = %(direction)s AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC;

-- name: papers.confirmations_of_container
-- use: query
-- The active confirmations that name a container, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage
FROM papers_confirmations
WHERE port = %(port)s AND string_to_array(containers, ' ') @> ARRAY[%(container)s::text] AND direction = %(direction)s
  AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC;

-- name: papers.latest_confirmations
-- use: query
-- The active confirmations that were handed in last.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage
FROM papers_confirmations WHERE port = %(port)s AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: papers.confirmations_of_batch
-- use: query
-- The confirmations of a batch that are not deleted.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage
FROM papers_confirmations WHERE port = %(port)s AND batch = %(batch)s AND state <> 'deleted'
ORDER BY number COLLATE "C";

-- name: papers.find_manifest
-- use: query
-- One manifest.
SELECT number, version, batch, direction, digest, document, state, submitted_at, changed_at
FROM papers_manifests WHERE port = %(port)s AND number = %(number)s;

-- name: papers.manifests_of_batch
-- use: query
-- The active manifests of a batch.
SELECT number, version, batch, direction, digest, document, state, submitted_at, changed_at
FROM papers_manifests WHERE port = %(port)s AND batch = %(batch)s AND state = 'active' ORDER BY number COLLATE "C";

-- name: papers.consignments
-- use: query
-- The active consignments among these numbers in one direction.
SELECT number, direction, manifest, batch, hs_code, goods, gross_kg, declaration, state, crossed_kg
FROM papers_consignments
WHERE port = %(port)s AND number = ANY(%(numbers)s::text[]) AND direction = %(direction)s AND state = 'active'
ORDER BY number COLLATE "C";

-- name: papers.find_declaration
-- use: query
-- One declaration.
SELECT number, version, direction, status, transit, digest, document, submitted_at, changed_at
FROM papers_declarations WHERE port = %(port)s AND number = %(number)s;

-- name: papers.find_order
-- use: query
-- One control order.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason
FROM papers_orders WHERE port = %(port)s AND number = %(number)s;

-- name: papers.orders_in_force
-- use: query
-- The control orders that are valid at an instant and not lifted, oldest first.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason
FROM papers_orders
WHERE port = %(port)s AND lifted_at IS NULL AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
ORDER BY placed_at, number COLLATE "C";

-- name: papers.active_plates
-- use: query
-- The plates of the active confirmations in one direction.
SELECT plate FROM papers_confirmations WHERE port = %(port)s AND direction = %(direction)s AND state = 'active'
GROUP BY plate ORDER BY plate COLLATE "C";

-- name: papers.declarations
-- use: query
-- The declarations among these numbers.
SELECT number, version, direction, status, transit, digest, document, submitted_at, changed_at
FROM papers_declarations WHERE port = %(port)s AND number = ANY(%(numbers)s::text[]) ORDER BY number COLLATE "C";

-- name: papers.orders_naming
-- use: query
-- The control orders that are valid at an instant, not lifted, and on one of these names, oldest first.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason
FROM papers_orders
WHERE port = %(port)s AND lifted_at IS NULL AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
  AND (plate = ANY(%(names)s::text[]) OR container = ANY(%(names)s::text[])
       OR consignment = ANY(%(names)s::text[]) OR declaration = ANY(%(names)s::text[]))
ORDER BY placed_at, number COLLATE "C";
