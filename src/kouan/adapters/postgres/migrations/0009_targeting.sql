-- Targeting: judged candidates, what is known of firms, plates, goods and routes, budgets, watch lists and models.

CREATE TABLE targeting_candidates (
    port           text   NOT NULL,
    number         text   NOT NULL,
    digest         text   NOT NULL,            -- of what the papers said
    at             bigint NOT NULL,
    judged_at      bigint NOT NULL,
    importer       text,
    hs_code        text   NOT NULL,
    papers         bytea  NOT NULL,
    features       bytea  NOT NULL,
    why            bytea  NOT NULL,
    source         text,                       -- null where it passed
    drawn          bigint NOT NULL,            -- 1 where chance chose it
    random_ppm     bigint NOT NULL,
    propensity_ppm bigint NOT NULL CHECK (propensity_ppm BETWEEN 0 AND 1000000),
    score_ppm      bigint,
    threshold_ppm  bigint,
    model          text,
    rules          text   NOT NULL,
    budget         text,
    kind           text   NOT NULL,
    authority      text   NOT NULL,
    order_number   text,
    result_at      bigint,
    found          bigint,
    PRIMARY KEY (port, number),
    CHECK (result_at IS NULL OR source IS NOT NULL),  -- what was not examined has no result
    CHECK ((result_at IS NULL) = (found IS NULL))
);
CREATE INDEX targeting_candidates_judged ON targeting_candidates (port, judged_at);
CREATE INDEX targeting_candidates_selected ON targeting_candidates (port, judged_at) WHERE source IS NOT NULL;
CREATE INDEX targeting_candidates_order ON targeting_candidates (port, order_number) WHERE order_number IS NOT NULL;
CREATE INDEX targeting_candidates_model ON targeting_candidates (port, model, judged_at) WHERE model IS NOT NULL;

CREATE TABLE targeting_profiles (
    port      text   NOT NULL,
    key       text   NOT NULL,
    seen      bigint NOT NULL,
    examined  bigint NOT NULL,
    found     bigint NOT NULL,
    first_at  bigint NOT NULL,
    last_at   bigint NOT NULL,
    mass_kg   bigint NOT NULL,
    value_fen bigint NOT NULL,
    PRIMARY KEY (port, key)
);

CREATE TABLE targeting_budgets (
    port           text   NOT NULL,
    number         text   NOT NULL,
    kind           text   NOT NULL,
    period_h       bigint NOT NULL,
    most           bigint NOT NULL,
    exploration_pm bigint NOT NULL,
    expected       bigint NOT NULL,
    reason         text   NOT NULL,
    set_by         text   NOT NULL,
    set_at         bigint NOT NULL,
    effective_from bigint NOT NULL,
    PRIMARY KEY (port, number)
);

CREATE TABLE targeting_spent (
    port   text   NOT NULL,
    kind   text   NOT NULL,
    period bigint NOT NULL,                    -- its first microsecond
    used   bigint NOT NULL,
    seen   bigint NOT NULL,
    PRIMARY KEY (port, kind, period)
);

CREATE TABLE targeting_watched (
    port      text   NOT NULL,
    number    text   NOT NULL,
    field     text   NOT NULL,
    value     text   NOT NULL,
    kind      text   NOT NULL,
    authority text   NOT NULL,
    reason    text   NOT NULL,
    placed_by text   NOT NULL,
    placed_at bigint NOT NULL,
    until     bigint,
    PRIMARY KEY (port, number)
);

CREATE TABLE targeting_models (
    port          text   NOT NULL,
    version       text   NOT NULL,
    digest        text   NOT NULL,             -- SHA-256 of the artefact
    trained_from  bigint NOT NULL,
    trained_until bigint NOT NULL,
    handed_in_by  text   NOT NULL,
    handed_in_at  bigint NOT NULL,
    grade         bytea  NOT NULL,
    passed        bigint NOT NULL,
    state         text   NOT NULL,
    artefact      bytea  NOT NULL,
    proposed_by   text,
    activated_by  text,
    activated_at  bigint,
    PRIMARY KEY (port, version),
    CHECK (state <> 'active' OR (passed = 1 AND activated_by <> proposed_by))
);
CREATE UNIQUE INDEX targeting_models_active ON targeting_models (port) WHERE state = 'active';

CREATE TABLE targeting_notices (
    port            text   NOT NULL,
    number          text   NOT NULL,
    at              bigint NOT NULL,
    model           text   NOT NULL,
    code            text   NOT NULL,
    params          bytea  NOT NULL,           -- JSON
    acknowledged_by text,
    PRIMARY KEY (port, number)
);
