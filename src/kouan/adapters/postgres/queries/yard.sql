-- name: yard.put_visit
-- use: guard
-- Insert or replace a visit's next version; refused where it stands elsewhere, or the vehicle has another open one.
INSERT INTO yard_visits AS t (port, visit, version, site, plate, carrier, purpose, lot, state, document, salt,
    opened_at, updated_at, due_at, closed_at)
SELECT %(port)s, %(visit)s::text, %(version)s::bigint, %(site)s::text, %(plate)s::text, %(carrier)s::text,
       %(purpose)s::text, %(lot)s::text, %(state)s::text, %(document)s::bytea, %(salt)s::bytea, %(opened_at)s::bigint,
       %(updated_at)s::bigint, %(due_at)s::bigint, %(closed_at)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_visits
                  WHERE port = %(port)s AND visit = %(visit)s AND version = %(version)s::bigint - 1))
  AND NOT EXISTS (SELECT FROM yard_visits
                  WHERE port = %(port)s AND plate = %(plate)s AND closed_at IS NULL AND visit <> %(visit)s)
ON CONFLICT (port, visit) DO UPDATE
   SET version = excluded.version, site = excluded.site, plate = excluded.plate, carrier = excluded.carrier,
       purpose = excluded.purpose, lot = excluded.lot, state = excluded.state, document = excluded.document,
       salt = excluded.salt, opened_at = excluded.opened_at, updated_at = excluded.updated_at,
       due_at = excluded.due_at, closed_at = excluded.closed_at
 WHERE t.version = excluded.version - 1
RETURNING 1;

-- name: yard.put_lot
-- use: guard
-- Insert or replace an account's next version; refused where it stands elsewhere, or does not balance.
INSERT INTO yard_lots AS t (port, lot, version, site, hs_code, goods, grade, declared_kg, in_dg, out_dg, loss_dg,
    stock_dg, in_kg, out_kg, loss_kg, taken_kg, reserved_kg, changed_at)
SELECT %(port)s, %(lot)s::text, %(version)s::bigint, %(site)s::text, %(hs_code)s::text, %(goods)s::text,
       %(grade)s::text, %(declared_kg)s::bigint, %(in_dg)s::bigint, %(out_dg)s::bigint, %(loss_dg)s::bigint,
       %(stock_dg)s::bigint, %(in_kg)s::bigint, %(out_kg)s::bigint, %(loss_kg)s::bigint, %(taken_kg)s::bigint,
       %(reserved_kg)s::bigint, %(changed_at)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_lots
                  WHERE port = %(port)s AND lot = %(lot)s AND version = %(version)s::bigint - 1))
  AND %(in_dg)s::bigint = %(out_dg)s::bigint + %(stock_dg)s::bigint + %(loss_dg)s::bigint
  AND LEAST(%(in_dg)s::bigint, %(out_dg)s::bigint, %(stock_dg)s::bigint, %(taken_kg)s::bigint,
            %(reserved_kg)s::bigint) >= 0
ON CONFLICT (port, lot) DO UPDATE
   SET version = excluded.version, site = excluded.site, hs_code = excluded.hs_code, goods = excluded.goods,
       grade = excluded.grade, declared_kg = excluded.declared_kg, in_dg = excluded.in_dg, out_dg = excluded.out_dg,
       loss_dg = excluded.loss_dg, stock_dg = excluded.stock_dg, in_kg = excluded.in_kg, out_kg = excluded.out_kg,
       loss_kg = excluded.loss_kg, taken_kg = excluded.taken_kg, reserved_kg = excluded.reserved_kg,
       changed_at = excluded.changed_at
 WHERE t.version = excluded.version - 1
RETURNING 1;

-- name: yard.put_stack
-- use: guard
-- Insert or replace a stack's next version; refused where it stands elsewhere, below zero, or on another lot's goods.
INSERT INTO yard_stacks AS t (port, lies_at, version, site, lot, dry_dg, moisture_bp, changed_at)
SELECT %(port)s, %(lies_at)s::text, %(version)s::bigint, %(site)s::text, %(lot)s::text, %(dry_dg)s::bigint,
       %(moisture_bp)s::bigint, %(changed_at)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_stacks
                  WHERE port = %(port)s AND lies_at = %(lies_at)s AND version = %(version)s::bigint - 1))
  AND %(dry_dg)s::bigint >= 0
ON CONFLICT (port, lies_at) DO UPDATE
   SET version = excluded.version, site = excluded.site, lot = excluded.lot, dry_dg = excluded.dry_dg,
       moisture_bp = excluded.moisture_bp, changed_at = excluded.changed_at
 WHERE t.version = excluded.version - 1 AND (t.lot = excluded.lot OR t.dry_dg = 0)
RETURNING 1;

-- name: yard.put_scale
-- use: guard
-- Insert or replace a scale's next version; refused where it stands elsewhere.
INSERT INTO yard_scales AS t (port, scale, version, site, in_use, reason, zero_checked_at, adjusted_at, changed_by,
    changed_at)
SELECT %(port)s, %(scale)s::text, %(version)s::bigint, %(site)s::text, %(in_use)s::bigint, %(reason)s::text,
       %(zero_checked_at)s::bigint, %(adjusted_at)s::bigint, %(changed_by)s::text, %(changed_at)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_scales
                  WHERE port = %(port)s AND scale = %(scale)s AND version = %(version)s::bigint - 1))
ON CONFLICT (port, scale) DO UPDATE
   SET version = excluded.version, site = excluded.site, in_use = excluded.in_use, reason = excluded.reason,
       zero_checked_at = excluded.zero_checked_at, adjusted_at = excluded.adjusted_at,
       changed_by = excluded.changed_by, changed_at = excluded.changed_at
 WHERE t.version = excluded.version - 1
RETURNING 1;

-- name: yard.put_pickup
-- use: guard
-- Insert or replace a pick-up order's next version; refused where it stands elsewhere.
INSERT INTO yard_pickups AS t (port, number, version, lot, site, plate, carrier, quantity_kg, valid_from, valid_until,
    slip, state, ordered_by, changed_at, visit, reserved_kg, taken_kg)
SELECT %(port)s, %(number)s::text, %(version)s::bigint, %(lot)s::text, %(site)s::text, %(plate)s::text,
       %(carrier)s::text, %(quantity_kg)s::bigint, %(valid_from)s::bigint, %(valid_until)s::bigint, %(slip)s::text,
       %(state)s::text, %(ordered_by)s::text, %(changed_at)s::bigint, %(visit)s::text, %(reserved_kg)s::bigint,
       %(taken_kg)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_pickups
                  WHERE port = %(port)s AND number = %(number)s AND version = %(version)s::bigint - 1))
ON CONFLICT (port, number) DO UPDATE
   SET version = excluded.version, lot = excluded.lot, site = excluded.site, plate = excluded.plate,
       carrier = excluded.carrier, quantity_kg = excluded.quantity_kg, valid_from = excluded.valid_from,
       valid_until = excluded.valid_until, slip = excluded.slip, state = excluded.state,
       ordered_by = excluded.ordered_by, changed_at = excluded.changed_at, visit = excluded.visit,
       reserved_kg = excluded.reserved_kg, taken_kg = excluded.taken_kg
 WHERE t.version = excluded.version - 1
RETURNING 1;

-- name: yard.put_warrant
-- use: guard
-- Insert or replace a warrant's next version; refused where it stands elsewhere.
INSERT INTO yard_warrants AS t (port, warrant, version, site, grade, holder, dry_kg, state, pledgee, issued_at,
    changed_at)
SELECT %(port)s, %(warrant)s::text, %(version)s::bigint, %(site)s::text, %(grade)s::text, %(holder)s::text,
       %(dry_kg)s::bigint, %(state)s::text, %(pledgee)s::text, %(issued_at)s::bigint, %(changed_at)s::bigint
WHERE (%(version)s::bigint = 1
       OR EXISTS (SELECT FROM yard_warrants
                  WHERE port = %(port)s AND warrant = %(warrant)s AND version = %(version)s::bigint - 1))
ON CONFLICT (port, warrant) DO UPDATE
   SET version = excluded.version, site = excluded.site, grade = excluded.grade, holder = excluded.holder,
       dry_kg = excluded.dry_kg, state = excluded.state, pledgee = excluded.pledgee, issued_at = excluded.issued_at,
       changed_at = excluded.changed_at
 WHERE t.version = excluded.version - 1
RETURNING 1;

-- name: yard.add_movement
-- use: guard
-- Insert a movement of mass; refused where it exists.
INSERT INTO yard_movements (port, movement, lot, site, kind, lies_at, wet_kg, dry_dg, moisture_bp, reason, visit, by,
    at)
VALUES (%(port)s, %(movement)s, %(lot)s, %(site)s, %(kind)s, %(lies_at)s, %(wet_kg)s, %(dry_dg)s, %(moisture_bp)s,
        %(reason)s, %(visit)s, %(by)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: yard.add_ticket
-- use: guard
-- Insert a weighing ticket; refused where it exists.
INSERT INTO yard_tickets (port, ticket, scale, kind, plate, mass_kg, at, visit, known_kg, cause)
VALUES (%(port)s, %(ticket)s, %(scale)s, %(kind)s, %(plate)s, %(mass_kg)s, %(at)s, %(visit)s, %(known_kg)s, %(cause)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: yard.add_net
-- use: guard
-- Insert the net of a visit; refused where it has one, or either ticket stands in one.
INSERT INTO yard_nets (port, visit, purpose, site, lot, plate, carrier, gross_ticket, tare_ticket, gross_scale,
    tare_scale, net_kg, ticket, ticket_kg, at)
SELECT %(port)s, %(visit)s::text, %(purpose)s::text, %(site)s::text, %(lot)s::text, %(plate)s::text,
       %(carrier)s::text, %(gross_ticket)s::text, %(tare_ticket)s::text, %(gross_scale)s::text, %(tare_scale)s::text,
       %(net_kg)s::bigint, %(ticket)s::text, %(ticket_kg)s::bigint, %(at)s::bigint
WHERE %(net_kg)s::bigint > 0 AND NOT EXISTS (
    SELECT FROM yard_nets
    WHERE port = %(port)s AND (gross_ticket IN (%(gross_ticket)s::text, %(tare_ticket)s::text)
                               OR tare_ticket IN (%(gross_ticket)s::text, %(tare_ticket)s::text)))
ON CONFLICT DO NOTHING RETURNING 1;

-- name: yard.cover_warrants
-- use: guard
-- Hold where the warrants of a grade at a site are covered by what lies there.
SELECT 1
WHERE (SELECT COALESCE(sum(dry_kg), 0) * 10000 FROM yard_warrants
       WHERE port = %(port)s AND site = %(site)s AND grade = %(grade)s AND state <> 'redeemed')
   <= (SELECT COALESCE(sum(stock_dg), 0) FROM yard_lots
       WHERE port = %(port)s AND site = %(site)s AND grade = %(grade)s);

-- name: yard.find_visit
-- use: query
-- One visit.
SELECT visit, version, site, plate, carrier, purpose, lot, state, document, salt, opened_at, updated_at, due_at,
       closed_at
FROM yard_visits
WHERE port = %(port)s AND visit = %(visit)s;

-- name: yard.open_visits
-- use: query
-- The visits that are not over, oldest first.
SELECT visit, version, site, plate, carrier, purpose, lot, state, document, salt, opened_at, updated_at, due_at,
       closed_at
FROM yard_visits
WHERE port = %(port)s AND closed_at IS NULL
ORDER BY opened_at, visit COLLATE "C";

-- name: yard.open_visit_of
-- use: query
-- The visit of a vehicle that is not over.
SELECT visit, version, site, plate, carrier, purpose, lot, state, document, salt, opened_at, updated_at, due_at,
       closed_at
FROM yard_visits
WHERE port = %(port)s AND plate = %(plate)s AND closed_at IS NULL;

-- name: yard.visits_of_lot
-- use: query
-- All visits for a lot, oldest first.
SELECT visit, version, site, plate, carrier, purpose, lot, state, document, salt, opened_at, updated_at, due_at,
       closed_at
FROM yard_visits
WHERE port = %(port)s AND lot = %(lot)s
ORDER BY opened_at, visit COLLATE "C";

-- name: yard.find_lot
-- use: query
-- One lot's account.
SELECT lot, version, site, hs_code, goods, grade, declared_kg, in_dg, out_dg, loss_dg, stock_dg, in_kg, out_kg,
       loss_kg, taken_kg, reserved_kg, changed_at
FROM yard_lots
WHERE port = %(port)s AND lot = %(lot)s;

-- name: yard.lots
-- use: query
-- The accounts at a site, or at all.
SELECT lot, version, site, hs_code, goods, grade, declared_kg, in_dg, out_dg, loss_dg, stock_dg, in_kg, out_kg,
       loss_kg, taken_kg, reserved_kg, changed_at
FROM yard_lots
WHERE port = %(port)s AND (%(site)s::text IS NULL OR site = %(site)s)
ORDER BY lot COLLATE "C";

-- name: yard.find_stack
-- use: query
-- What lies at a place.
SELECT lies_at, version, site, lot, dry_dg, moisture_bp, changed_at
FROM yard_stacks
WHERE port = %(port)s AND lies_at = %(lies_at)s;

-- name: yard.stacks
-- use: query
-- The stacks of a site, or all.
SELECT lies_at, version, site, lot, dry_dg, moisture_bp, changed_at
FROM yard_stacks
WHERE port = %(port)s AND (%(site)s::text IS NULL OR site = %(site)s)
ORDER BY lies_at COLLATE "C";

-- name: yard.movements
-- use: query
-- The journal of a lot, oldest first.
SELECT movement, lot, site, kind, lies_at, wet_kg, dry_dg, moisture_bp, reason, visit, by, at
FROM yard_movements
WHERE port = %(port)s AND lot = %(lot)s
ORDER BY at, movement COLLATE "C";

-- name: yard.movements_at
-- use: query
-- The journal of a site, or of all, oldest first.
SELECT movement, lot, site, kind, lies_at, wet_kg, dry_dg, moisture_bp, reason, visit, by, at
FROM yard_movements
WHERE port = %(port)s AND (%(site)s::text IS NULL OR site = %(site)s)
ORDER BY at, movement COLLATE "C";

-- name: yard.find_ticket
-- use: query
-- One weighing ticket.
SELECT ticket, scale, kind, plate, mass_kg, at, visit, known_kg, cause
FROM yard_tickets
WHERE port = %(port)s AND ticket = %(ticket)s;

-- name: yard.references
-- use: query
-- The reference weighings of a scale since an instant, oldest first.
SELECT ticket, scale, kind, plate, mass_kg, at, visit, known_kg, cause
FROM yard_tickets
WHERE port = %(port)s AND scale = %(scale)s AND known_kg IS NOT NULL AND at >= %(since)s
ORDER BY at, ticket COLLATE "C";

-- name: yard.find_net
-- use: query
-- The net of a visit.
SELECT visit, purpose, site, lot, plate, carrier, gross_ticket, tare_ticket, gross_scale, tare_scale, net_kg, ticket,
       ticket_kg, at
FROM yard_nets
WHERE port = %(port)s AND visit = %(visit)s;

-- name: yard.nets
-- use: query
-- The nets written off within a time, oldest first.
SELECT visit, purpose, site, lot, plate, carrier, gross_ticket, tare_ticket, gross_scale, tare_scale, net_kg, ticket,
       ticket_kg, at
FROM yard_nets
WHERE port = %(port)s AND at >= %(since)s AND at < %(until)s
ORDER BY at, visit COLLATE "C";

-- name: yard.scales
-- use: query
-- Every scale of which something is recorded.
SELECT scale, version, site, in_use, reason, zero_checked_at, adjusted_at, changed_by, changed_at
FROM yard_scales
WHERE port = %(port)s
ORDER BY scale COLLATE "C";

-- name: yard.find_scale
-- use: query
-- How a scale stands.
SELECT scale, version, site, in_use, reason, zero_checked_at, adjusted_at, changed_by, changed_at
FROM yard_scales
WHERE port = %(port)s AND scale = %(scale)s;

-- name: yard.find_pickup
-- use: query
-- One pick-up order.
SELECT number, version, lot, site, plate, carrier, quantity_kg, valid_from, valid_until, slip, state, ordered_by,
       changed_at, visit, reserved_kg, taken_kg
FROM yard_pickups
WHERE port = %(port)s AND number = %(number)s;

-- name: yard.open_pickups
-- use: query
-- The orders that are open or under way, of a vehicle or all.
SELECT number, version, lot, site, plate, carrier, quantity_kg, valid_from, valid_until, slip, state, ordered_by,
       changed_at, visit, reserved_kg, taken_kg
FROM yard_pickups
WHERE port = %(port)s AND state IN ('open', 'under_way') AND (%(plate)s::text IS NULL OR plate = %(plate)s)
ORDER BY number COLLATE "C";

-- name: yard.find_warrant
-- use: query
-- One warehouse warrant.
SELECT warrant, version, site, grade, holder, dry_kg, state, pledgee, issued_at, changed_at
FROM yard_warrants
WHERE port = %(port)s AND warrant = %(warrant)s;

-- name: yard.warrants
-- use: query
-- The warrants of a site, or all.
SELECT warrant, version, site, grade, holder, dry_kg, state, pledgee, issued_at, changed_at
FROM yard_warrants
WHERE port = %(port)s AND (%(site)s::text IS NULL OR site = %(site)s)
ORDER BY warrant COLLATE "C";

-- name: yard.tickets
-- use: query
-- The latest tickets since an instant, oldest first.
SELECT ticket, scale, kind, plate, mass_kg, at, visit, known_kg, cause
FROM (SELECT * FROM yard_tickets WHERE port = %(port)s AND at >= %(since)s
      ORDER BY at DESC, ticket COLLATE "C" DESC LIMIT %(limit)s) AS latest
ORDER BY at, ticket COLLATE "C";
