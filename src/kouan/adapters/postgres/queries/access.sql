-- name: access.save_account
-- use: effect
-- Insert or replace an account.
INSERT INTO access_accounts (port, username, display_name, agency, roles, password_hash, subject, disabled, demo)
VALUES (%(port)s, %(username)s, %(display_name)s, %(agency)s, %(roles)s::text[], %(password_hash)s, %(subject)s,
        %(disabled)s, %(demo)s)
ON CONFLICT (port, username) DO UPDATE
   SET display_name = excluded.display_name, agency = excluded.agency, roles = excluded.roles,
       password_hash = excluded.password_hash, subject = excluded.subject, disabled = excluded.disabled,
       demo = excluded.demo;

-- name: access.open_session
-- use: effect
-- Insert a session.
INSERT INTO access_sessions (port, secret_sha256, username, created_at, expires_at, stepped_up_at)
VALUES (%(port)s, %(secret_sha256)s, %(username)s, %(created_at)s, %(expires_at)s, %(stepped_up_at)s);

-- name: access.step_up
-- use: guard
-- Note when a session's password was given again; refused where there is no such session.
UPDATE access_sessions SET stepped_up_at = %(stepped_up_at)s
WHERE port = %(port)s AND secret_sha256 = %(secret_sha256)s RETURNING 1;

-- name: access.close_session
-- use: guard
-- Delete a session; refused where there is none.
DELETE FROM access_sessions WHERE port = %(port)s AND secret_sha256 = %(secret_sha256)s RETURNING 1;

-- name: access.save_token
-- use: effect
-- Insert or replace a token.
INSERT INTO access_tokens (port, secret_sha256, username, label, created_at, expires_at, revoked_at)
VALUES (%(port)s, %(secret_sha256)s, %(username)s, %(label)s, %(created_at)s, %(expires_at)s, %(revoked_at)s)
ON CONFLICT (port, secret_sha256) DO UPDATE
   SET username = excluded.username, label = excluded.label, created_at = excluded.created_at,
       expires_at = excluded.expires_at, revoked_at = excluded.revoked_at;

-- name: access.keep_answer
-- use: guard
-- Keep what was answered under an idempotency key; refused where something was.
INSERT INTO access_answers (port, username, key, request_sha256, status, body, at)
VALUES (%(port)s, %(username)s, %(key)s, %(request_sha256)s, %(status)s, %(body)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: access.find_account
-- use: query
-- One account.
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo
FROM access_accounts WHERE port = %(port)s AND username = %(username)s;

-- name: access.find_subject
-- use: query
-- The account of an identity provider's subject.
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo
FROM access_accounts WHERE port = %(port)s AND subject = %(subject)s;

-- name: access.list_accounts
-- use: query
-- All accounts by name.
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo
FROM access_accounts WHERE port = %(port)s ORDER BY username COLLATE "C";

-- name: access.find_session
-- use: query
-- One session.
SELECT secret_sha256, username, created_at, expires_at, stepped_up_at
FROM access_sessions WHERE port = %(port)s AND secret_sha256 = %(secret_sha256)s;

-- name: access.find_token
-- use: query
-- One token.
SELECT secret_sha256, username, label, created_at, expires_at, revoked_at
FROM access_tokens WHERE port = %(port)s AND secret_sha256 = %(secret_sha256)s;

-- name: access.find_answer
-- use: query
-- What was answered under an idempotency key.
SELECT username, key, request_sha256, status, body, at
FROM access_answers WHERE port = %(port)s AND username = %(username)s AND key = %(key)s;
