-- name: papers.insert_confirmation
-- use: guard
-- Insert a confirmation; refused where its number exists.
INSERT INTO papers_confirmations (port, number, version, batch, direction, plate, trailer, containers, digest, document,
                                  state, submitted_at, changed_at, arrived_at, passage, carrier)
VALUES (%(port)s, %(number)s, %(version)s, %(batch)s, %(direction)s, %(plate)s, %(trailer)s, %(containers)s, %(digest)s,
        %(document)s, %(state)s, %(submitted_at)s, %(changed_at)s, %(arrived_at)s, %(passage)s,
        %(carrier)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_confirmation
-- use: guard
-- Replace an active confirmation by its next version; what was noted of its vehicle stays.
UPDATE papers_confirmations
   SET version = %(version)s, batch = %(batch)s, direction = %(direction)s, plate = %(plate)s, trailer = %(trailer)s,
       containers = %(containers)s, digest = %(digest)s, document = %(document)s, state = %(state)s,
       changed_at = %(changed_at)s, carrier = %(carrier)s
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
                                 changed_at, step, full_due, overdue_at)
VALUES (%(port)s, %(number)s, %(version)s, %(direction)s, %(status)s, %(transit)s, %(digest)s, %(document)s,
        %(submitted_at)s, %(changed_at)s, %(step)s, %(full_due)s, %(overdue_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_declaration
-- use: guard
-- Replace a declaration by its next version; that it was overdue stays noted.
UPDATE papers_declarations
   SET version = %(version)s, direction = %(direction)s, status = %(status)s, transit = %(transit)s,
       digest = %(digest)s, document = %(document)s, changed_at = %(changed_at)s, step = %(step)s,
       full_due = %(full_due)s
 WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1
RETURNING 1;

-- name: papers.delete_batch
-- use: guard
-- Delete all active papers of a batch; refused where there is none, a vehicle has crossed, or mass is written off.
WITH allowed AS (
    SELECT 1 WHERE NOT EXISTS (
        SELECT FROM papers_confirmations WHERE port = %(port)s AND batch = %(batch)s AND state = 'used'
    ) AND NOT EXISTS (
        SELECT FROM papers_manifests AS m JOIN papers_balances AS b USING (port, number)
        WHERE m.port = %(port)s AND m.batch = %(batch)s AND m.state = 'active' AND b.kind = 'manifest' AND b.taken_kg > 0
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
), balances AS (
    UPDATE papers_balances AS b SET state = 'closed' FROM allowed, papers_manifests AS m
    WHERE m.port = %(port)s AND m.batch = %(batch)s AND m.state = 'active'
      AND b.port = m.port AND b.kind = 'manifest' AND b.number = m.number
), guarded AS (SELECT 1 FROM allowed);

-- name: papers.note_overdue
-- use: guard
-- Note once that the full declaration did not come in time.
UPDATE papers_declarations SET overdue_at = %(at)s
WHERE port = %(port)s AND number = %(number)s AND overdue_at IS NULL AND full_due <= %(at)s RETURNING 1;

-- name: papers.insert_supporting
-- use: guard
-- Insert a supporting paper; refused where its kind has its number.
INSERT INTO papers_supporting (port, kind, number, version, lots, digest, document, state, submitted_at, changed_at)
VALUES (%(port)s, %(kind)s, %(number)s, %(version)s, %(lots)s, %(digest)s, %(document)s, %(state)s, %(submitted_at)s,
        %(changed_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.amend_supporting
-- use: guard
-- Replace an active supporting paper by its next version.
UPDATE papers_supporting
   SET version = %(version)s, lots = %(lots)s, digest = %(digest)s, document = %(document)s, state = %(state)s,
       changed_at = %(changed_at)s
 WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s AND version = %(version)s::bigint - 1
   AND state = 'active'
RETURNING 1;

-- name: papers.revoke_supporting
-- use: guard
-- Revoke an active supporting paper.
UPDATE papers_supporting SET state = 'revoked', changed_at = %(at)s
WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s AND state = 'active' RETURNING 1;

-- name: papers.keep_balances
-- use: guard
-- Close a paper's balances but for those of some items; refused where mass is written off against another.
WITH others AS (
    SELECT item, taken_kg FROM papers_balances
    WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s AND state = 'active'
      AND item <> ALL (%(items)s::text[])
), closed AS (
    UPDATE papers_balances AS b SET state = 'closed' FROM others
    WHERE b.port = %(port)s AND b.kind = %(kind)s AND b.number = %(number)s AND b.item = others.item
), guarded AS (SELECT 1 WHERE NOT EXISTS (SELECT FROM others WHERE taken_kg > 0));

-- name: papers.grant_balance
-- use: guard
-- Grant a mass against an item of a paper, or another than before; refused below what is written off.
INSERT INTO papers_balances AS b (port, kind, number, item, granted_kg, valid_from, valid_until, state, taken_kg,
                                  overrun_permille)
VALUES (%(port)s, %(kind)s, %(number)s, %(item)s, %(granted_kg)s, %(valid_from)s, %(valid_until)s, %(state)s,
        %(taken_kg)s, %(overrun_permille)s)
ON CONFLICT (port, kind, number, item) DO UPDATE
   SET granted_kg = excluded.granted_kg, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
       state = excluded.state
 WHERE b.taken_kg <= excluded.granted_kg + excluded.granted_kg * b.overrun_permille / 1000
RETURNING 1;

-- name: papers.close_balances
-- use: guard
-- Close a paper's balances; never refuses.
WITH closed AS (
    UPDATE papers_balances SET state = 'closed' WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s
), guarded AS (SELECT 1);

-- name: papers.take_balance
-- use: guard
-- Write a mass off against an item of a paper that is in force; refused beyond what it grants with its overrun.
UPDATE papers_balances SET taken_kg = taken_kg + %(mass_kg)s, overrun_permille = %(overrun_permille)s
WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s AND item = %(item)s AND state = 'active'
  AND (valid_from IS NULL OR valid_from <= %(at)s) AND (valid_until IS NULL OR valid_until > %(at)s)
  AND %(mass_kg)s > 0 AND taken_kg + %(mass_kg)s <= granted_kg + granted_kg * %(overrun_permille)s / 1000
RETURNING 1;

-- name: papers.give_back
-- use: guard
-- Take back what was written off against an item of a paper, whatever its state; refused below nought.
UPDATE papers_balances SET taken_kg = taken_kg - %(mass_kg)s
WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s AND item = %(item)s
  AND %(mass_kg)s > 0 AND taken_kg >= %(mass_kg)s
RETURNING 1;

-- name: papers.keep_write_off
-- use: guard
-- Keep what a ticket writes off against an item of a paper; refused where it did so before.
INSERT INTO papers_write_offs (port, ticket, kind, number, item, mass_kg, at, by, voided_at)
VALUES (%(port)s, %(ticket)s, %(kind)s, %(number)s, %(item)s, %(mass_kg)s, %(at)s, %(by)s, %(voided_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: papers.void_write_offs
-- use: guard
-- Void what a ticket wrote off; refused where nothing stands.
WITH guarded AS (
    UPDATE papers_write_offs SET voided_at = %(at)s
    WHERE port = %(port)s AND ticket = %(ticket)s AND voided_at IS NULL RETURNING 1
);

-- name: papers.declarations_due
-- use: query
-- The declarations whose full form is due by an instant, but for the cancelled ones; all of them without a limit.
SELECT number, version, direction, status, transit, digest, document, submitted_at, changed_at, step, full_due,
       overdue_at
FROM papers_declarations WHERE port = %(port)s AND full_due <= %(at)s AND status <> 'cancelled'
ORDER BY full_due, number COLLATE "C" LIMIT %(limit)s;

-- name: papers.find_supporting
-- use: query
-- One supporting paper.
SELECT kind, number, version, lots, digest, document, state, submitted_at, changed_at
FROM papers_supporting WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s;

-- name: papers.supporting_of_lot
-- use: query
-- The active supporting papers about a lot.
SELECT kind, number, version, lots, digest, document, state, submitted_at, changed_at
FROM papers_supporting
WHERE port = %(port)s AND string_to_array(lots, ' ') @> ARRAY[%(lot)s::text] AND state = 'active'
ORDER BY kind COLLATE "C", number COLLATE "C";

-- name: papers.latest_supporting
-- use: query
-- The active supporting papers of a kind that were handed in last.
SELECT kind, number, version, lots, digest, document, state, submitted_at, changed_at
FROM papers_supporting WHERE port = %(port)s AND kind = %(kind)s AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: papers.balances
-- use: query
-- The balances of the papers of these numbers.
SELECT kind, number, item, granted_kg, valid_from, valid_until, state, taken_kg, overrun_permille
FROM papers_balances WHERE port = %(port)s AND number = ANY(%(numbers)s::text[])
ORDER BY kind COLLATE "C", number COLLATE "C", item COLLATE "C";

-- name: papers.write_offs
-- use: query
-- What was written off against a paper, oldest first.
SELECT ticket, kind, number, item, mass_kg, at, by, voided_at
FROM papers_write_offs WHERE port = %(port)s AND kind = %(kind)s AND number = %(number)s
ORDER BY at, ticket COLLATE "C", item COLLATE "C";

-- name: papers.write_offs_of_ticket
-- use: query
-- What a weighing ticket wrote off.
SELECT ticket, kind, number, item, mass_kg, at, by, voided_at
FROM papers_write_offs WHERE port = %(port)s AND ticket = %(ticket)s
ORDER BY kind COLLATE "C", number COLLATE "C", item COLLATE "C";

-- name: papers.place_order
-- use: guard
-- Insert a control order; refused where its number exists.
INSERT INTO papers_orders (port, number, authority, kind, plate, container, consignment, declaration, reason, placed_by,
                           placed_at, valid_from, valid_until, lifted_by, lifted_at, lift_reason, steps)
VALUES (%(port)s, %(number)s, %(authority)s, %(kind)s, %(plate)s, %(container)s, %(consignment)s, %(declaration)s,
        %(reason)s, %(placed_by)s, %(placed_at)s, %(valid_from)s, %(valid_until)s, %(lifted_by)s, %(lifted_at)s,
        %(lift_reason)s, %(steps)s)
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
       arrived_at, passage, carrier
FROM papers_confirmations WHERE port = %(port)s AND number = %(number)s;

-- name: papers.confirmations_of_plate
-- use: query
-- The active confirmations of a vehicle in one direction, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations
WHERE port = %(port)s AND plate = %(plate)s AND direction = %(direction)s AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC;

-- name: papers.confirmations_of_container
-- use: query
-- The active confirmations that name a container, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations
WHERE port = %(port)s AND string_to_array(containers, ' ') @> ARRAY[%(container)s::text] AND direction = %(direction)s
  AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC;

-- name: papers.latest_confirmations
-- use: query
-- The active confirmations that were handed in last.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations WHERE port = %(port)s AND state = 'active'
ORDER BY submitted_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: papers.confirmations_of_batch
-- use: query
-- The confirmations of a batch that are not deleted.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations WHERE port = %(port)s AND batch = %(batch)s AND state <> 'deleted'
ORDER BY number COLLATE "C";

-- name: papers.confirmations_of_vehicle
-- use: query
-- The confirmations of a vehicle that are not deleted, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations
WHERE port = %(port)s AND plate = %(plate)s AND state <> 'deleted'
ORDER BY submitted_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: papers.confirmations_of_carriers
-- use: query
-- The confirmations of some carriers that are not deleted, newest first.
SELECT number, version, batch, direction, plate, trailer, containers, digest, document, state, submitted_at, changed_at,
       arrived_at, passage, carrier
FROM papers_confirmations
WHERE port = %(port)s AND carrier = ANY(%(carriers)s::text[]) AND state <> 'deleted'
ORDER BY submitted_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

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
SELECT number, version, direction, status, transit, digest, document, submitted_at, changed_at, step, full_due,
       overdue_at
FROM papers_declarations WHERE port = %(port)s AND number = %(number)s;

-- name: papers.find_order
-- use: query
-- One control order.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason, steps
FROM papers_orders WHERE port = %(port)s AND number = %(number)s;

-- name: papers.orders_in_force
-- use: query
-- The control orders that are valid at an instant and not lifted, oldest first.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason, steps
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
SELECT number, version, direction, status, transit, digest, document, submitted_at, changed_at, step, full_due,
       overdue_at
FROM papers_declarations WHERE port = %(port)s AND number = ANY(%(numbers)s::text[]) ORDER BY number COLLATE "C";

-- name: papers.orders_naming
-- use: query
-- The control orders that are valid at an instant, not lifted, and on one of these names, oldest first.
SELECT number, authority, kind, plate, container, consignment, declaration, reason, placed_by, placed_at, valid_from,
       valid_until, lifted_by, lifted_at, lift_reason, steps
FROM papers_orders
WHERE port = %(port)s AND lifted_at IS NULL AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
  AND (plate = ANY(%(names)s::text[]) OR container = ANY(%(names)s::text[])
       OR consignment = ANY(%(names)s::text[]) OR declaration = ANY(%(names)s::text[]))
ORDER BY placed_at, number COLLATE "C";
