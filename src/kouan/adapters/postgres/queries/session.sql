-- name: session.set_up
-- use: query
-- Bound every statement, make commits durable before they are answered, and keep plans of prepared statements.
SELECT set_config('statement_timeout', %(timeout)s, false),
       set_config('idle_in_transaction_session_timeout', %(timeout)s, false),
       set_config('synchronous_commit', 'on', false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('timezone', 'UTC', false);

-- name: session.lock_migrations
-- use: query
-- Wait until no other process migrates this database; the lock goes with the transaction.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: session.make_migrations
-- use: query
-- Make the table of applied migrations.
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,              -- SHA-256 of the file, in hex
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: session.migrations
-- use: query
-- The applied migrations.
SELECT name, checksum FROM schema_migrations ORDER BY name;

-- name: session.add_migration
-- use: query
-- Note that a migration is applied.
INSERT INTO schema_migrations (name, checksum) VALUES (%(name)s, %(checksum)s);
