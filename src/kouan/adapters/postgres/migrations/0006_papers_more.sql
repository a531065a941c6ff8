-- Declarations in two steps, supporting papers, and what is written off against papers.

ALTER TABLE papers_declarations
    ADD COLUMN step       text NOT NULL DEFAULT 'full',
    ADD COLUMN full_due   bigint,
    ADD COLUMN overdue_at bigint;
CREATE INDEX papers_declarations_due ON papers_declarations (port, full_due) WHERE full_due IS NOT NULL;

CREATE TABLE papers_supporting (
    port         text   NOT NULL,
    kind         text   NOT NULL,
    number       text   NOT NULL,
    version      bigint NOT NULL,
    lots         text   NOT NULL,          -- numbers joined by blanks
    digest       text   NOT NULL,
    document     bytea  NOT NULL,
    state        text   NOT NULL,
    submitted_at bigint NOT NULL,
    changed_at   bigint NOT NULL,
    PRIMARY KEY (port, kind, number)
);
CREATE INDEX papers_supporting_lots ON papers_supporting USING gin (string_to_array(lots, ' '))
    WHERE state = 'active';
CREATE INDEX papers_supporting_latest ON papers_supporting (port, kind, submitted_at) WHERE state = 'active';

CREATE TABLE papers_balances (
    port        text   NOT NULL,
    kind        text   NOT NULL,
    number      text   NOT NULL,
    item        text   NOT NULL,
    granted_kg  bigint NOT NULL,
    valid_from  bigint,
    valid_until bigint,
    state       text   NOT NULL,
    taken_kg    bigint NOT NULL,
    PRIMARY KEY (port, kind, number, item),
    CHECK (taken_kg BETWEEN 0 AND granted_kg)  -- I16: a balance is never negative
);
CREATE INDEX papers_balances_number ON papers_balances (port, number);

CREATE TABLE papers_write_offs (
    port      text   NOT NULL,
    ticket    text   NOT NULL,
    kind      text   NOT NULL,
    number    text   NOT NULL,
    item      text   NOT NULL,
    mass_kg   bigint NOT NULL CHECK (mass_kg > 0),
    at        bigint NOT NULL,
    by        text   NOT NULL,
    voided_at bigint,
    PRIMARY KEY (port, ticket, kind, number, item)
);
CREATE INDEX papers_write_offs_paper ON papers_write_offs (port, kind, number);

-- What stood before has balances too: manifests by their consignments. Net mass is what will be written off.
INSERT INTO papers_balances (port, kind, number, item, granted_kg, state, taken_kg)
SELECT port, 'manifest', manifest, number, max(gross_kg), 'active', 0
FROM papers_consignments WHERE state = 'active' GROUP BY port, manifest, number;
