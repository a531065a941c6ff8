-- Alarms: raised, over, acknowledged. One row an occurrence; the ledger has every change.

CREATE TABLE command_alarms (
    port            text   NOT NULL,
    number          text   NOT NULL,
    at              bigint NOT NULL,           -- when it was raised last
    lane            text   NOT NULL,
    passage         text   NOT NULL,
    priority        bigint NOT NULL,
    code            text   NOT NULL,
    params          text   NOT NULL,           -- JSON
    lasts           boolean NOT NULL,
    returned_at     bigint,
    acknowledged_by text,
    acknowledged_at bigint,
    word            text,
    PRIMARY KEY (port, number),
    CHECK (priority BETWEEN 1 AND 4),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX command_alarms_latest
    ON command_alarms (port, (returned_at IS NOT NULL AND acknowledged_at IS NOT NULL), at DESC);
