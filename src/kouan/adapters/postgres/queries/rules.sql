-- name: rules.draft
-- use: guard
-- Insert a version of a document; refused where it exists.
INSERT INTO rules_documents (port, kind, name, version, effective_from, effective_until, content, digest, drafted_by,
    drafted_at, reason, state, approved_by, approved_at, approval_reason, signature, withdrawn_by, withdrawn_at,
    withdrawal_reason)
VALUES (%(port)s, %(kind)s, %(name)s, %(version)s, %(effective_from)s, %(effective_until)s, %(content)s, %(digest)s,
    %(drafted_by)s, %(drafted_at)s, %(reason)s, %(state)s, %(approved_by)s, %(approved_at)s, %(approval_reason)s,
    %(signature)s, %(withdrawn_by)s, %(withdrawn_at)s, %(withdrawal_reason)s)
ON CONFLICT (port, kind, name, version) DO NOTHING RETURNING 1;

-- name: rules.approve
-- use: guard
-- Approve a draft of somebody else's, unless an approved version of the name begins with it or before it ends.
UPDATE rules_documents AS d
   SET state = 'approved', approved_by = %(approved_by)s, approved_at = %(approved_at)s,
       approval_reason = %(approval_reason)s, signature = %(signature)s
 WHERE d.port = %(port)s AND d.kind = %(kind)s AND d.name = %(name)s AND d.version = %(version)s
   AND d.state = 'draft' AND d.digest = %(digest)s AND d.drafted_by <> %(approved_by)s
   AND NOT EXISTS (
       SELECT FROM rules_documents AS o
        WHERE o.port = d.port AND o.kind = d.kind AND o.name = d.name AND o.state = 'approved'
          AND o.effective_from >= %(effective_from)s::bigint
          AND (%(effective_until)s::bigint IS NULL OR o.effective_from < %(effective_until)s::bigint))
RETURNING 1;

-- name: rules.withdraw
-- use: guard
-- Withdraw a version; refused where it was withdrawn before.
UPDATE rules_documents
   SET state = 'withdrawn', withdrawn_by = %(withdrawn_by)s, withdrawn_at = %(withdrawn_at)s,
       withdrawal_reason = %(withdrawal_reason)s
 WHERE port = %(port)s AND kind = %(kind)s AND name = %(name)s AND version = %(version)s AND state <> 'withdrawn'
RETURNING 1;

-- name: rules.find
-- use: query
-- One version of a document.
SELECT kind, name, version, effective_from, effective_until, content, digest, drafted_by, drafted_at, reason, state,
       approved_by, approved_at, approval_reason, signature, withdrawn_by, withdrawn_at, withdrawal_reason
FROM rules_documents
WHERE port = %(port)s AND kind = %(kind)s AND name = %(name)s AND version = %(version)s;

-- name: rules.versions
-- use: query
-- All versions of a document, by version.
SELECT kind, name, version, effective_from, effective_until, content, digest, drafted_by, drafted_at, reason, state,
       approved_by, approved_at, approval_reason, signature, withdrawn_by, withdrawn_at, withdrawal_reason
FROM rules_documents WHERE port = %(port)s AND kind = %(kind)s AND name = %(name)s ORDER BY version;

-- name: rules.everything
-- use: query
-- All versions of all documents.
SELECT kind, name, version, effective_from, effective_until, content, digest, drafted_by, drafted_at, reason, state,
       approved_by, approved_at, approval_reason, signature, withdrawn_by, withdrawn_at, withdrawal_reason
FROM rules_documents WHERE port = %(port)s ORDER BY kind COLLATE "C", name COLLATE "C", version;
