-- The supervised yard: visits, lots, stacks, the journal of mass, tickets, nets, scales, pick-up orders, warrants.

CREATE TABLE yard_visits (
    port       text   NOT NULL,
    visit      text   NOT NULL,
    version    bigint NOT NULL,
    site       text   NOT NULL,
    plate      text   NOT NULL,
    carrier    text   NOT NULL,
    purpose    text   NOT NULL,
    lot        text   NOT NULL,
    state      text   NOT NULL,
    document   bytea  NOT NULL,
    salt       bytea  NOT NULL,            -- of the people's commitments; empty once the visit is over
    opened_at  bigint NOT NULL,
    updated_at bigint NOT NULL,
    due_at     bigint,
    closed_at  bigint,
    PRIMARY KEY (port, visit)
);
CREATE UNIQUE INDEX yard_visits_plate ON yard_visits (port, plate) WHERE closed_at IS NULL;
CREATE INDEX yard_visits_open ON yard_visits (port, opened_at) WHERE closed_at IS NULL;
CREATE INDEX yard_visits_lot ON yard_visits (port, lot);

CREATE TABLE yard_lots (
    port        text   NOT NULL,
    lot         text   NOT NULL,
    version     bigint NOT NULL,
    site        text   NOT NULL,
    hs_code     text   NOT NULL,
    goods       text   NOT NULL,
    grade       text   NOT NULL,
    declared_kg bigint NOT NULL,
    in_dg       bigint NOT NULL,           -- dry masses in decigrams
    out_dg      bigint NOT NULL,
    loss_dg     bigint NOT NULL,
    stock_dg    bigint NOT NULL,
    in_kg       bigint NOT NULL,           -- wet masses in kilograms
    out_kg      bigint NOT NULL,
    loss_kg     bigint NOT NULL,
    taken_kg    bigint NOT NULL,
    reserved_kg bigint NOT NULL,
    changed_at  bigint NOT NULL,
    PRIMARY KEY (port, lot),
    CONSTRAINT yard_lots_balance CHECK (in_dg = out_dg + stock_dg + loss_dg),
    CONSTRAINT yard_lots_signs CHECK (LEAST(in_dg, out_dg, stock_dg, taken_kg, reserved_kg) >= 0)
);
CREATE INDEX yard_lots_grade ON yard_lots (port, site, grade);

CREATE TABLE yard_stacks (
    port        text   NOT NULL,
    lies_at     text   NOT NULL,
    version     bigint NOT NULL,
    site        text   NOT NULL,
    lot         text   NOT NULL,
    dry_dg      bigint NOT NULL CHECK (dry_dg >= 0),
    moisture_bp bigint NOT NULL,
    changed_at  bigint NOT NULL,
    PRIMARY KEY (port, lies_at)
);

CREATE TABLE yard_movements (
    port        text   NOT NULL,
    movement    text   NOT NULL,
    lot         text   NOT NULL,
    site        text   NOT NULL,
    kind        text   NOT NULL,
    lies_at     text   NOT NULL,
    wet_kg      bigint NOT NULL,
    dry_dg      bigint NOT NULL,
    moisture_bp bigint NOT NULL,
    reason      text,
    visit       text,
    by          text   NOT NULL,
    at          bigint NOT NULL,
    PRIMARY KEY (port, movement)
);
CREATE INDEX yard_movements_lot ON yard_movements (port, lot, at);

CREATE TABLE yard_tickets (
    port     text   NOT NULL,
    ticket   text   NOT NULL,
    scale    text   NOT NULL,
    kind     text   NOT NULL,
    plate    text   NOT NULL,
    mass_kg  bigint NOT NULL,
    at       bigint NOT NULL,
    visit    text,
    known_kg bigint,
    cause    text,
    PRIMARY KEY (port, ticket)
);
CREATE INDEX yard_tickets_at ON yard_tickets (port, at);
CREATE INDEX yard_tickets_reference ON yard_tickets (port, scale, at) WHERE known_kg IS NOT NULL;

CREATE TABLE yard_nets (
    port         text   NOT NULL,
    visit        text   NOT NULL,
    purpose      text   NOT NULL,
    site         text   NOT NULL,
    lot          text   NOT NULL,
    plate        text   NOT NULL,
    carrier      text   NOT NULL,
    gross_ticket text   NOT NULL,
    tare_ticket  text   NOT NULL,
    gross_scale  text   NOT NULL,
    tare_scale   text   NOT NULL,
    net_kg       bigint NOT NULL CHECK (net_kg > 0),
    ticket       text,
    ticket_kg    bigint,
    at           bigint NOT NULL,
    PRIMARY KEY (port, visit),
    UNIQUE (port, gross_ticket),
    UNIQUE (port, tare_ticket)
);
CREATE INDEX yard_nets_at ON yard_nets (port, at);

CREATE TABLE yard_scales (
    port            text   NOT NULL,
    scale           text   NOT NULL,
    version         bigint NOT NULL,
    site            text   NOT NULL,
    in_use          bigint NOT NULL,
    reason          text,
    zero_checked_at bigint,
    adjusted_at     bigint NOT NULL,
    changed_by      text   NOT NULL,
    changed_at      bigint NOT NULL,
    PRIMARY KEY (port, scale)
);

CREATE TABLE yard_pickups (
    port        text   NOT NULL,
    number      text   NOT NULL,
    version     bigint NOT NULL,
    lot         text   NOT NULL,
    site        text   NOT NULL,
    plate       text   NOT NULL,
    carrier     text   NOT NULL,
    quantity_kg bigint NOT NULL,
    valid_from  bigint NOT NULL,
    valid_until bigint NOT NULL,
    slip        text,
    state       text   NOT NULL,
    ordered_by  text   NOT NULL,
    changed_at  bigint NOT NULL,
    visit       text,
    reserved_kg bigint NOT NULL,
    taken_kg    bigint NOT NULL,
    PRIMARY KEY (port, number)
);
CREATE INDEX yard_pickups_open ON yard_pickups (port, plate) WHERE state IN ('open', 'under_way');

CREATE TABLE yard_warrants (
    port       text   NOT NULL,
    warrant    text   NOT NULL,
    version    bigint NOT NULL,
    site       text   NOT NULL,
    grade      text   NOT NULL,
    holder     text   NOT NULL,
    dry_kg     bigint NOT NULL CHECK (dry_kg > 0),
    state      text   NOT NULL,
    pledgee    text,
    issued_at  bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (port, warrant)
);
CREATE INDEX yard_warrants_grade ON yard_warrants (port, site, grade);
