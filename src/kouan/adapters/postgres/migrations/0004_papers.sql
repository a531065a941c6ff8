-- Papers and control orders. The whole of each paper is a document; the columns are what desks look it up by.

CREATE TABLE papers_confirmations (
    port         text   NOT NULL,
    number       text   NOT NULL,
    version      bigint NOT NULL,
    batch        text   NOT NULL,
    direction    text   NOT NULL,
    plate        text   NOT NULL,
    trailer      text,
    containers   text   NOT NULL,          -- numbers joined by blanks
    digest       text   NOT NULL,
    document     bytea  NOT NULL,
    state        text   NOT NULL,
    submitted_at bigint NOT NULL,
    changed_at   bigint NOT NULL,
    arrived_at   bigint,
    passage      text,
    PRIMARY KEY (port, number)
);
CREATE INDEX papers_confirmations_plate ON papers_confirmations (port, plate, direction) WHERE state = 'active';
CREATE INDEX papers_confirmations_batch ON papers_confirmations (port, batch);
CREATE INDEX papers_confirmations_containers ON papers_confirmations USING gin (string_to_array(containers, ' '))
    WHERE state = 'active';

CREATE TABLE papers_manifests (
    port         text   NOT NULL,
    number       text   NOT NULL,
    version      bigint NOT NULL,
    batch        text   NOT NULL,
    direction    text   NOT NULL,
    digest       text   NOT NULL,
    document     bytea  NOT NULL,
    state        text   NOT NULL,
    submitted_at bigint NOT NULL,
    changed_at   bigint NOT NULL,
    PRIMARY KEY (port, number)
);
CREATE INDEX papers_manifests_batch ON papers_manifests (port, batch);

CREATE TABLE papers_consignments (
    port        text   NOT NULL,
    number      text   NOT NULL,
    direction   text   NOT NULL,
    manifest    text   NOT NULL,
    batch       text   NOT NULL,
    hs_code     text   NOT NULL,
    goods       text   NOT NULL,
    gross_kg    bigint NOT NULL,
    declaration text,
    state       text   NOT NULL,
    crossed_kg  bigint NOT NULL,
    PRIMARY KEY (port, number, direction),
    CHECK (crossed_kg BETWEEN 0 AND gross_kg)  -- I16: never more crosses than is declared
);
CREATE INDEX papers_consignments_manifest ON papers_consignments (port, manifest);
CREATE INDEX papers_consignments_batch ON papers_consignments (port, batch);

CREATE TABLE papers_declarations (
    port         text   NOT NULL,
    number       text   NOT NULL,
    version      bigint NOT NULL,
    direction    text   NOT NULL,
    status       text   NOT NULL,
    transit      bigint NOT NULL,
    digest       text   NOT NULL,
    document     bytea  NOT NULL,
    submitted_at bigint NOT NULL,
    changed_at   bigint NOT NULL,
    PRIMARY KEY (port, number)
);

CREATE TABLE papers_orders (
    port        text   NOT NULL,
    number      text   NOT NULL,
    authority   text   NOT NULL,
    kind        text   NOT NULL,
    plate       text,
    container   text,
    consignment text,
    declaration text,
    reason      text   NOT NULL,
    placed_by   text   NOT NULL,
    placed_at   bigint NOT NULL,
    valid_from  bigint NOT NULL,
    valid_until bigint,
    lifted_by   text,
    lifted_at   bigint,
    lift_reason text,
    PRIMARY KEY (port, number)
);
CREATE INDEX papers_orders_in_force ON papers_orders (port, placed_at) WHERE lifted_at IS NULL;
