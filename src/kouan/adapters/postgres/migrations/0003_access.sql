-- Who may use the port: accounts, sessions, tokens, and what was answered under an idempotency key.

CREATE TABLE access_accounts (
    port          text    NOT NULL,
    username      text    NOT NULL,
    display_name  text    NOT NULL,
    agency        text    NOT NULL,
    roles         text[]  NOT NULL,
    password_hash text,
    subject       text,                    -- of the identity provider
    disabled      boolean NOT NULL,
    demo          boolean NOT NULL,
    PRIMARY KEY (port, username)
);
CREATE UNIQUE INDEX access_accounts_subject ON access_accounts (port, subject) WHERE subject IS NOT NULL;

CREATE TABLE access_sessions (
    port          text   NOT NULL,
    secret_sha256 text   NOT NULL,
    username      text   NOT NULL,
    created_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    stepped_up_at bigint,
    PRIMARY KEY (port, secret_sha256)
);

CREATE TABLE access_tokens (
    port          text   NOT NULL,
    secret_sha256 text   NOT NULL,
    username      text   NOT NULL,
    label         text   NOT NULL,
    created_at    bigint NOT NULL,
    expires_at    bigint,
    revoked_at    bigint,
    PRIMARY KEY (port, secret_sha256)
);

CREATE TABLE access_answers (
    port           text    NOT NULL,
    username       text    NOT NULL,
    key            text    NOT NULL,
    request_sha256 text    NOT NULL,
    status         integer NOT NULL,
    body           bytea   NOT NULL,
    at             bigint  NOT NULL,
    PRIMARY KEY (port, username, key)
);
