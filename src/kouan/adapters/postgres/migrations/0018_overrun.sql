-- Goods in bulk may exceed what was declared of them within a dated tolerance, in thousandths.

ALTER TABLE papers_balances
    ADD COLUMN overrun_permille bigint NOT NULL DEFAULT 0 CHECK (overrun_permille >= 0),
    DROP CONSTRAINT papers_balances_check,
    ADD CONSTRAINT papers_balances_within  -- I16: a balance is never below what its tolerance allows
        CHECK (taken_kg BETWEEN 0 AND granted_kg + granted_kg * overrun_permille / 1000);
