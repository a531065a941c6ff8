-- Release: lots with where they stand, their samples, and the chains of custody of both.

CREATE TABLE release_lots (
    port        text   NOT NULL,
    number      text   NOT NULL,          -- declaration and line
    version     bigint NOT NULL,
    declaration text   NOT NULL,
    line        bigint NOT NULL,
    hs_code     text   NOT NULL,
    goods       text   NOT NULL,
    direction   text   NOT NULL,
    mass_kg     bigint NOT NULL,
    consignee   text   NOT NULL,
    regime      text   NOT NULL,          -- the rule that was chosen, by name and version
    state       text   NOT NULL,
    declared_at bigint NOT NULL,
    arrived_at  bigint,
    deadline    bigint,                   -- NULL in final states only
    changed_at  bigint NOT NULL,
    standing    bytea  NOT NULL,          -- canonical JSON
    rule        bytea  NOT NULL,          -- canonical JSON: the whole rule, which later versions do not touch
    lift_by     text,
    lift_reason text,
    PRIMARY KEY (port, number),
    CHECK ((deadline IS NULL) = (state IN ('free', 'returned', 'destroyed')))  -- somebody is called in the end
);
CREATE INDEX release_lots_deadline ON release_lots (port, deadline) WHERE deadline IS NOT NULL;
CREATE INDEX release_lots_state ON release_lots (port, state, deadline);
CREATE INDEX release_lots_declaration ON release_lots (port, declaration);

CREATE TABLE release_samples (
    port         text   NOT NULL,
    number       text   NOT NULL,
    lot          text   NOT NULL,
    duplicate_of text,
    seal         text   NOT NULL,
    taken_by     text   NOT NULL,
    witness      text   NOT NULL,
    location     text   NOT NULL,
    taken_at     bigint NOT NULL,
    result       text,
    passed       bigint,
    PRIMARY KEY (port, number)
);
CREATE INDEX release_samples_lot ON release_samples (port, lot);

CREATE TABLE release_custody (
    port     text   NOT NULL,
    item     text   NOT NULL,             -- a lot's or a sample's number
    step     bigint NOT NULL CHECK (step > 0),
    lot      text   NOT NULL,
    location text   NOT NULL,
    holder   text   NOT NULL,
    seal     text,
    since    bigint NOT NULL,
    noted_by text   NOT NULL,
    PRIMARY KEY (port, item, step)
);
