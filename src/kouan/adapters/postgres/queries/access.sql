-- name: access.save_account
-- use: effect
-- Insert or replace an account.
INSERT INTO access_accounts (port, username, display_name, agency, roles, password_hash, subject, disabled, demo,
                             firms)
VALUES (%(port)s, %(username)s, %(display_name)s, %(agency)s, %(roles)s::text[], %(password_hash)s, %(subject)s,
        %(disabled)s, %(demo)s, %(firms)s::text[])
ON CONFLICT (port, username) DO UPDATE
   SET display_name = excluded.display_name, agency = excluded.agency, roles = excluded.roles,
       password_hash = excluded.password_hash, subject = excluded.subject, disabled = excluded.disabled,
       demo = excluded.demo, firms = excluded.firms;

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
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo, firms
FROM access_accounts WHERE port = %(port)s AND username = %(username)s;

-- name: access.find_subject
-- use: query
-- The account of an identity provider's subject.
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo, firms
FROM access_accounts WHERE port = %(port)s AND subject = %(subject)s;

-- name: access.list_accounts
-- use: query
-- All accounts by name.
SELECT username, display_name, agency, roles, password_hash, subject, disabled, demo, firms
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

-- name: access.plan_duty
-- use: guard
-- Insert a duty; refused where its person has one in that time that stands.
INSERT INTO access_duties (port, number, username, agency, post, starts_at, until, planned_by, planned_at, reason,
                           cancelled_by, cancelled_at)
SELECT %(port)s, %(number)s, %(username)s, %(agency)s, %(post)s, %(starts_at)s, %(until)s, %(planned_by)s,
       %(planned_at)s, %(reason)s, %(cancelled_by)s, %(cancelled_at)s
 WHERE NOT EXISTS (SELECT FROM access_duties WHERE port = %(port)s AND username = %(username)s
                      AND cancelled_at IS NULL AND starts_at < %(until)s AND %(starts_at)s < until)
ON CONFLICT (port, number) DO NOTHING RETURNING 1;

-- name: access.cancel_duty
-- use: guard
-- Note that a duty was cancelled; refused where it was, or is over.
UPDATE access_duties SET cancelled_by = %(cancelled_by)s, cancelled_at = %(cancelled_at)s
WHERE port = %(port)s AND number = %(number)s AND cancelled_at IS NULL AND until > %(cancelled_at)s RETURNING 1;

-- name: access.end_duty_shift
-- use: effect
-- Close the shift that is open on a duty, if one is.
UPDATE access_shifts SET closed_at = %(closed_at)s
WHERE port = %(port)s AND username = %(username)s AND duty = %(duty)s AND closed_at IS NULL;

-- name: access.open_shift
-- use: guard
-- Insert or replace an officer's shift; refused while one is open, and where its duty does not stand.
INSERT INTO access_shifts (port, username, agency, opened_at, until, closed_at, duty)
SELECT %(port)s, %(username)s, %(agency)s, %(opened_at)s, %(until)s, %(closed_at)s, number
  FROM access_duties WHERE port = %(port)s AND number = %(duty)s AND cancelled_at IS NULL
ON CONFLICT (port, username) DO UPDATE
   SET agency = excluded.agency, opened_at = excluded.opened_at, until = excluded.until, closed_at = excluded.closed_at,
       duty = excluded.duty
 WHERE access_shifts.closed_at IS NOT NULL OR access_shifts.until <= excluded.opened_at RETURNING 1;

-- name: access.close_shift
-- use: guard
-- Note when an officer's open shift ended; refused where none is open.
UPDATE access_shifts SET closed_at = %(closed_at)s
WHERE port = %(port)s AND username = %(username)s AND closed_at IS NULL AND until > %(closed_at)s RETURNING 1;

-- name: access.note_reads
-- use: effect
-- Note that protected fields of some matters were read.
INSERT INTO access_reads (port, about, key, at, username, agency, purpose, fields)
SELECT %(port)s, read.about, %(key)s, %(at)s, %(username)s, %(agency)s, %(purpose)s, read.fields
FROM unnest(%(abouts)s::text[], %(fields)s::text[]) AS read (about, fields);

-- name: access.find_shift
-- use: query
-- An officer's latest shift.
SELECT username, agency, opened_at, until, closed_at, duty
FROM access_shifts WHERE port = %(port)s AND username = %(username)s;

-- name: access.find_duty
-- use: query
-- One duty, cancelled or not.
SELECT number, username, agency, post, starts_at, until, planned_by, planned_at, reason, cancelled_by, cancelled_at
FROM access_duties WHERE port = %(port)s AND number = %(number)s;

-- name: access.find_duties
-- use: query
-- The duties that stand and reach into a span of time, of a person or agency if asked.
SELECT number, username, agency, post, starts_at, until, planned_by, planned_at, reason, cancelled_by, cancelled_at
FROM access_duties
WHERE port = %(port)s AND cancelled_at IS NULL AND starts_at < %(before)s AND until > %(since)s
  AND (%(username)s::text IS NULL OR username = %(username)s) AND (%(agency)s::text IS NULL OR agency = %(agency)s)
ORDER BY starts_at, number COLLATE "C" LIMIT %(limit)s;

-- name: access.find_reads
-- use: query
-- Who read protected fields of which matters, newest first; what is null is not asked for.
SELECT about, key, at, username, agency, purpose, fields FROM access_reads
WHERE port = %(port)s AND (%(about)s::text IS NULL OR about = %(about)s)
  AND (%(username)s::text IS NULL OR username = %(username)s)
  AND (%(purpose)s::text IS NULL OR purpose = %(purpose)s)
  AND (%(since)s::bigint IS NULL OR at >= %(since)s) AND (%(before)s::bigint IS NULL OR at < %(before)s)
ORDER BY at DESC, key COLLATE "C" DESC, about COLLATE "C" DESC LIMIT %(limit)s;
