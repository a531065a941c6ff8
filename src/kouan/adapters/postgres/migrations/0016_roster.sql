-- Who is to be on duty when and where, and reads found by who read and when.

CREATE TABLE access_duties (
    port         text   NOT NULL,
    number       text   NOT NULL,
    username     text   NOT NULL,
    agency       text   NOT NULL,
    post         text   NOT NULL,
    starts_at    bigint NOT NULL,
    until        bigint NOT NULL,
    planned_by   text   NOT NULL,
    planned_at   bigint NOT NULL,
    reason       text,                        -- why somebody is on duty who was not planned to be
    cancelled_by text,
    cancelled_at bigint,
    PRIMARY KEY (port, number)
);
CREATE INDEX access_duties_of ON access_duties (port, username, starts_at);
CREATE INDEX access_duties_at ON access_duties (port, starts_at);

ALTER TABLE access_shifts ADD COLUMN duty text;  -- on which a shift rests; one without counts no more

CREATE INDEX access_reads_when ON access_reads (port, at DESC);
CREATE INDEX access_reads_who ON access_reads (port, username, at DESC);
