-- Need to know: who is on shift, and who read which protected fields about what; what a field said stands nowhere here.

CREATE TABLE access_shifts (
    port      text   NOT NULL,
    username  text   NOT NULL,
    agency    text   NOT NULL,
    opened_at bigint NOT NULL,
    until     bigint NOT NULL,
    closed_at bigint,
    PRIMARY KEY (port, username)
);

CREATE TABLE access_reads (
    port     text   NOT NULL,
    about    text   NOT NULL,                 -- as in passage:P1
    key      text   NOT NULL,                 -- of the entry that the read stands in
    at       bigint NOT NULL,
    username text   NOT NULL,
    agency   text   NOT NULL,
    purpose  text   NOT NULL,
    fields   text   NOT NULL,                 -- their names, by blanks
    PRIMARY KEY (port, about, key)
);
CREATE INDEX access_reads_at ON access_reads (port, about, at DESC);
