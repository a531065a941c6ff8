-- Holds are control orders and nothing beside them: each had one of the same number from the first day on.

DROP TABLE gate_holds;

ALTER TABLE papers_orders ADD COLUMN steps text;

CREATE INDEX papers_orders_plate ON papers_orders (port, plate) WHERE lifted_at IS NULL AND plate IS NOT NULL;
CREATE INDEX papers_orders_container ON papers_orders (port, container)
    WHERE lifted_at IS NULL AND container IS NOT NULL;
CREATE INDEX papers_orders_consignment ON papers_orders (port, consignment)
    WHERE lifted_at IS NULL AND consignment IS NOT NULL;
CREATE INDEX papers_orders_declaration ON papers_orders (port, declaration)
    WHERE lifted_at IS NULL AND declaration IS NOT NULL;

-- Examinations: one row each, its whole sheet as JSON.

CREATE TABLE examinations (
    port        text   NOT NULL,
    number      text   NOT NULL,
    version     bigint NOT NULL,
    state       text   NOT NULL,
    plate       text   NOT NULL,
    passage     text,
    agencies    text   NOT NULL,
    bay         text,
    starts_at   bigint,
    promised_at bigint NOT NULL,
    ordered_at  bigint NOT NULL,
    changed_at  bigint NOT NULL,
    closed_at   bigint,
    outcome     text,
    document    bytea  NOT NULL,
    PRIMARY KEY (port, number)
);
CREATE UNIQUE INDEX examinations_open ON examinations (port, plate) WHERE closed_at IS NULL;
CREATE INDEX examinations_plate ON examinations (port, plate, ordered_at DESC);
CREATE INDEX examinations_ordered ON examinations (port, ordered_at DESC);
