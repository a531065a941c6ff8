-- What the gate reads back: passages, holds, lanes, exceptions, sightings, visits. All times are microseconds UTC.

CREATE TABLE gate_passages (
    port             text     NOT NULL,
    passage          text     NOT NULL,
    version          bigint   NOT NULL,
    lane             text     NOT NULL,
    direction        text     NOT NULL,
    track            bigint   NOT NULL,
    state            text     NOT NULL,
    document         bytea    NOT NULL,    -- the whole state, as JSON
    plate            text,
    trailer          text,
    cargo            text,
    visit            text,
    outcome          text,
    review_outcome   text,
    review_authority text,
    opened_at        bigint   NOT NULL,
    updated_at       bigint   NOT NULL,
    closed_at        bigint,
    stop_ms          bigint,
    PRIMARY KEY (port, passage)
) WITH (fillfactor = 60);                  -- room for the ten or so new versions of a row on its own page
DO $$
BEGIN                                      -- a state is some KiB, rewritten at each step: the quicker compression
    ALTER TABLE gate_passages ALTER COLUMN document SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    NULL;                                  -- a server built without lz4 keeps PostgreSQL's own
END
$$;
CREATE UNIQUE INDEX gate_passages_open ON gate_passages (port, lane, track) WHERE closed_at IS NULL;
CREATE INDEX gate_passages_opened ON gate_passages (port, opened_at);
CREATE INDEX gate_passages_review ON gate_passages (port, opened_at) WHERE state = 'in_review' AND closed_at IS NULL;

CREATE TABLE gate_entries (                -- entries of other streams that belong to a passage
    port    text   NOT NULL,
    passage text   NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (port, passage, seq)
);

CREATE TABLE gate_holds (
    port      text   NOT NULL,
    number    text   NOT NULL,
    authority text   NOT NULL,
    kind      text   NOT NULL,
    plate     text,
    container text,
    reason    text   NOT NULL,
    placed_by text   NOT NULL,
    placed_at bigint NOT NULL,
    lifted_by text,
    lifted_at bigint,
    PRIMARY KEY (port, number)
);
CREATE INDEX gate_holds_in_force ON gate_holds (port, placed_at) WHERE lifted_at IS NULL;

CREATE TABLE gate_lanes (
    port       text   NOT NULL,
    lane       text   NOT NULL,
    document   bytea  NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (port, lane)
) WITH (fillfactor = 60);

CREATE TABLE gate_lane_epochs (
    port  text   NOT NULL,
    lane  text   NOT NULL,
    epoch bigint NOT NULL,
    PRIMARY KEY (port, lane)
);

CREATE TABLE gate_exceptions (
    port         text   NOT NULL,
    number       bigint GENERATED ALWAYS AS IDENTITY,
    passage      text   NOT NULL,
    rule         text   NOT NULL,
    by           text   NOT NULL,
    confirmed_by text,
    at           bigint NOT NULL,
    PRIMARY KEY (port, number)
);
CREATE INDEX gate_exceptions_by ON gate_exceptions (port, by, at);

CREATE TABLE gate_sightings (
    port      text   NOT NULL,
    plate     text   NOT NULL,
    lane      text   NOT NULL,
    direction text   NOT NULL,
    passage   text   NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (port, plate)
);

CREATE TABLE gate_visits (
    port        text   NOT NULL,
    visit       text   NOT NULL,
    plate       text   NOT NULL,
    in_passage  text,
    opened_at   bigint NOT NULL,
    out_passage text,
    closed_at   bigint,
    PRIMARY KEY (port, visit)
);
CREATE UNIQUE INDEX gate_visits_open ON gate_visits (port, plate) WHERE closed_at IS NULL;
