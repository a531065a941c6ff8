-- name: targeting.judge
-- use: guard
-- Insert a judged candidate, or replace one that passed and whose papers say something else now; else refused.
INSERT INTO targeting_candidates AS c (port, number, digest, at, judged_at, importer, hs_code, papers, features, why,
    source, drawn, random_ppm, propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority,
    order_number, result_at, found)
VALUES (%(port)s, %(number)s, %(digest)s, %(at)s, %(judged_at)s, %(importer)s, %(hs_code)s, %(papers)s, %(features)s,
    %(why)s, %(source)s, %(drawn)s, %(random_ppm)s, %(propensity_ppm)s, %(score_ppm)s, %(threshold_ppm)s, %(model)s,
    %(rules)s, %(budget)s, %(kind)s, %(authority)s, %(order_number)s, %(result_at)s, %(found)s)
ON CONFLICT (port, number) DO UPDATE
   SET digest = excluded.digest, at = excluded.at, judged_at = excluded.judged_at, importer = excluded.importer,
       hs_code = excluded.hs_code, papers = excluded.papers, features = excluded.features, why = excluded.why,
       source = excluded.source, drawn = excluded.drawn, random_ppm = excluded.random_ppm,
       propensity_ppm = excluded.propensity_ppm, score_ppm = excluded.score_ppm,
       threshold_ppm = excluded.threshold_ppm, model = excluded.model, rules = excluded.rules,
       budget = excluded.budget, kind = excluded.kind, authority = excluded.authority,
       order_number = excluded.order_number
 WHERE c.source IS NULL AND c.digest <> excluded.digest
RETURNING 1;

-- name: targeting.spend
-- use: guard
-- Take one examination of a period's budget; refused where it is spent.
INSERT INTO targeting_spent AS s (port, kind, period, used, seen)
SELECT %(port)s, %(kind)s, %(period)s, 1, 0 WHERE %(most)s::bigint > 0
ON CONFLICT (port, kind, period) DO UPDATE SET used = s.used + 1 WHERE s.used < %(most)s::bigint
RETURNING 1;

-- name: targeting.count
-- use: effect
-- Count a judged candidate in its period, and an examination that the budget does not bind.
INSERT INTO targeting_spent AS s (port, kind, period, used, seen)
VALUES (%(port)s, %(kind)s, %(period)s, %(used)s, %(seen)s)
ON CONFLICT (port, kind, period) DO UPDATE SET used = s.used + excluded.used, seen = s.seen + excluded.seen;

-- name: targeting.add_profile
-- use: effect
-- Add to what is known of a firm, a plate, goods or a route.
INSERT INTO targeting_profiles AS p (port, key, seen, examined, found, first_at, last_at, mass_kg, value_fen)
VALUES (%(port)s, %(key)s, %(seen)s, %(examined)s, %(found)s, %(at)s, %(at)s, %(mass_kg)s, %(value_fen)s)
ON CONFLICT (port, key) DO UPDATE
   SET seen = p.seen + excluded.seen, examined = p.examined + excluded.examined, found = p.found + excluded.found,
       first_at = least(p.first_at, excluded.first_at),
       last_at = CASE WHEN excluded.seen > 0 THEN greatest(p.last_at, excluded.last_at) ELSE p.last_at END,
       mass_kg = p.mass_kg + excluded.mass_kg, value_fen = p.value_fen + excluded.value_fen;

-- name: targeting.note_result
-- use: guard
-- Note what was found of a selected candidate that has no result yet; else refused.
UPDATE targeting_candidates SET found = %(found)s, result_at = %(result_at)s
WHERE port = %(port)s AND number = %(number)s AND source IS NOT NULL AND result_at IS NULL RETURNING 1;

-- name: targeting.set_budget
-- use: guard
-- Insert a budget; refused where its number exists.
INSERT INTO targeting_budgets (port, number, kind, period_h, most, exploration_pm, expected, reason, set_by, set_at,
                               effective_from)
VALUES (%(port)s, %(number)s, %(kind)s, %(period_h)s, %(most)s, %(exploration_pm)s, %(expected)s, %(reason)s,
        %(set_by)s, %(set_at)s, %(effective_from)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: targeting.watch
-- use: guard
-- Insert an entry of a watch list; refused where its number exists.
INSERT INTO targeting_watched (port, number, field, value, kind, authority, reason, placed_by, placed_at, until)
VALUES (%(port)s, %(number)s, %(field)s, %(value)s, %(kind)s, %(authority)s, %(reason)s, %(placed_by)s, %(placed_at)s,
        %(until)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: targeting.unwatch
-- use: guard
-- Delete an entry of an authority's watch list; refused where there is none.
DELETE FROM targeting_watched WHERE port = %(port)s AND number = %(number)s AND authority = %(authority)s RETURNING 1;

-- name: targeting.keep_model
-- use: guard
-- Insert a model; refused where its version exists.
INSERT INTO targeting_models (port, version, digest, trained_from, trained_until, handed_in_by, handed_in_at, grade,
                              passed, state, artefact, proposed_by, activated_by, activated_at)
VALUES (%(port)s, %(version)s, %(digest)s, %(trained_from)s, %(trained_until)s, %(handed_in_by)s, %(handed_in_at)s,
        %(grade)s, %(passed)s, %(state)s, %(artefact)s, %(proposed_by)s, %(activated_by)s, %(activated_at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: targeting.propose_model
-- use: guard
-- Propose a model whose grade allows its use and that is not in force; else refused.
UPDATE targeting_models SET state = 'proposed', proposed_by = %(by)s
WHERE port = %(port)s AND version = %(version)s AND passed = 1 AND state <> 'active' RETURNING 1;

-- name: targeting.retire_models
-- use: guard
-- Retire the model in force, before another takes its place; never refuses.
WITH retired AS (
    UPDATE targeting_models SET state = 'retired' WHERE port = %(port)s AND state = 'active'
), guarded AS (SELECT 1);

-- name: targeting.activate_model
-- use: guard
-- Put a model in force that somebody else proposed; else refused.
UPDATE targeting_models SET state = 'active', activated_by = %(by)s, activated_at = %(at)s
WHERE port = %(port)s AND version = %(version)s AND state = 'proposed' AND proposed_by <> %(by)s RETURNING 1;

-- name: targeting.notice
-- use: guard
-- Insert a notice of drift; refused where its number exists.
INSERT INTO targeting_notices (port, number, at, model, code, params, acknowledged_by)
VALUES (%(port)s, %(number)s, %(at)s, %(model)s, %(code)s, %(params)s, %(acknowledged_by)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: targeting.acknowledge
-- use: guard
-- Note who has seen a notice of drift; refused where somebody has.
UPDATE targeting_notices SET acknowledged_by = %(by)s
WHERE port = %(port)s AND number = %(number)s AND acknowledged_by IS NULL RETURNING 1;

-- name: targeting.find_candidate
-- use: query
-- One candidate.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates WHERE port = %(port)s AND number = %(number)s;

-- name: targeting.candidate_of_order
-- use: query
-- The candidate for which a control order was placed.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates WHERE port = %(port)s AND order_number = %(order_number)s;

-- name: targeting.selected
-- use: query
-- The candidates that were selected last, newest first.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates WHERE port = %(port)s AND source IS NOT NULL
ORDER BY judged_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: targeting.unordered
-- use: query
-- The selected candidates whose control order does not stand, oldest first.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates AS c
WHERE port = %(port)s AND source IS NOT NULL AND result_at IS NULL
  AND NOT EXISTS (SELECT FROM papers_orders AS o WHERE o.port = c.port AND o.number = c.order_number)
ORDER BY judged_at, number COLLATE "C";

-- name: targeting.latest
-- use: query
-- The candidates that were judged last, newest first.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates WHERE port = %(port)s ORDER BY judged_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: targeting.examined
-- use: query
-- The candidates judged since an instant that have a result, oldest first.
SELECT number, digest, at, judged_at, importer, hs_code, papers, features, why, source, drawn, random_ppm,
       propensity_ppm, score_ppm, threshold_ppm, model, rules, budget, kind, authority, order_number, result_at, found
FROM targeting_candidates
WHERE port = %(port)s AND source IS NOT NULL AND result_at IS NOT NULL AND judged_at >= %(since)s
ORDER BY judged_at, number COLLATE "C";

-- name: targeting.count_judged
-- use: query
-- How many candidates were judged from one instant to before another.
SELECT count(*) FROM targeting_candidates
WHERE port = %(port)s AND judged_at >= %(since)s AND judged_at < %(until)s;

-- name: targeting.recent_scores
-- use: query
-- The scores that a model gave last, newest first.
SELECT score_ppm FROM targeting_candidates WHERE port = %(port)s AND model = %(model)s
ORDER BY judged_at DESC, number COLLATE "C" DESC LIMIT %(limit)s;

-- name: targeting.profiles
-- use: query
-- The profiles among these keys.
SELECT key, seen, examined, found, first_at, last_at, mass_kg, value_fen
FROM targeting_profiles WHERE port = %(port)s AND key = ANY(%(keys)s::text[]) ORDER BY key COLLATE "C";

-- name: targeting.budget
-- use: query
-- The budget of a kind of examination that was set last for an instant.
SELECT number, kind, period_h, most, exploration_pm, expected, reason, set_by, set_at, effective_from
FROM targeting_budgets WHERE port = %(port)s AND kind = %(kind)s AND effective_from <= %(at)s
ORDER BY effective_from DESC, set_at DESC, number COLLATE "C" DESC LIMIT 1;

-- name: targeting.spent
-- use: query
-- What has been spent in a period.
SELECT kind, period, used, seen FROM targeting_spent
WHERE port = %(port)s AND kind = %(kind)s AND period = %(period)s;

-- name: targeting.watched
-- use: query
-- The watch list as it holds at an instant.
SELECT number, field, value, kind, authority, reason, placed_by, placed_at, until FROM targeting_watched
WHERE port = %(port)s AND placed_at <= %(at)s AND (until IS NULL OR until > %(at)s) ORDER BY number COLLATE "C";

-- name: targeting.find_model
-- use: query
-- One model with its artefact.
SELECT version, digest, trained_from, trained_until, handed_in_by, handed_in_at, grade, passed, state, artefact,
       proposed_by, activated_by, activated_at
FROM targeting_models WHERE port = %(port)s AND version = %(version)s;

-- name: targeting.active_model
-- use: query
-- The model in force with its artefact.
SELECT version, digest, trained_from, trained_until, handed_in_by, handed_in_at, grade, passed, state, artefact,
       proposed_by, activated_by, activated_at
FROM targeting_models WHERE port = %(port)s AND state = 'active';

-- name: targeting.models
-- use: query
-- The models handed in last, without their artefacts, newest first.
SELECT version, digest, trained_from, trained_until, handed_in_by, handed_in_at, grade, passed, state, ''::bytea,
       proposed_by, activated_by, activated_at
FROM targeting_models WHERE port = %(port)s ORDER BY handed_in_at DESC, version COLLATE "C" DESC LIMIT %(limit)s;

-- name: targeting.notices
-- use: query
-- The notices of drift, newest first.
SELECT number, at, model, code, params, acknowledged_by FROM targeting_notices
WHERE port = %(port)s ORDER BY at DESC, number COLLATE "C" DESC LIMIT %(limit)s;
