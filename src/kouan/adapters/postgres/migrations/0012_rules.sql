-- Rule documents: every version with its life. What was approved is never changed, only withdrawn.

CREATE TABLE rules_documents (
    port              text   NOT NULL,
    kind              text   NOT NULL,
    name              text   NOT NULL,
    version           bigint NOT NULL,
    effective_from    bigint NOT NULL,
    effective_until   bigint,
    content           bytea  NOT NULL,
    digest            text   NOT NULL,          -- SHA-256 of the content
    drafted_by        text   NOT NULL,
    drafted_at        bigint NOT NULL,
    reason            text   NOT NULL,
    state             text   NOT NULL,
    approved_by       text,
    approved_at       bigint,
    approval_reason   text,
    signature         text,
    withdrawn_by      text,
    withdrawn_at      bigint,
    withdrawal_reason text,
    PRIMARY KEY (port, kind, name, version),
    CHECK (approved_by IS NULL OR approved_by <> drafted_by),
    CHECK (state <> 'approved' OR (approved_at IS NOT NULL AND signature IS NOT NULL))
);
