CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE keys (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    hash BLOB NOT NULL,
    models TEXT NOT NULL,
    created FLOAT NOT NULL,
    expires FLOAT,
    revoked FLOAT,
    last_used FLOAT,
    PRIMARY KEY (workspace, id),
    CONSTRAINT keys_hash UNIQUE (hash)
);

CREATE TABLE marks (
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE calls (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    at FLOAT NOT NULL,
    key_id TEXT NOT NULL,
    surface TEXT NOT NULL,
    model_type TEXT NOT NULL,
    asked_model TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    stream BOOLEAN NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    quantity TEXT,
    meter TEXT NOT NULL,
    price TEXT,
    currency TEXT NOT NULL,
    estimated BOOLEAN NOT NULL,
    latency FLOAT NOT NULL,
    first_token FLOAT,
    tag TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX calls_at ON calls (workspace, at);

CREATE TABLE journals (
    name TEXT NOT NULL,
    folded INTEGER NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE responses (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    created FLOAT NOT NULL,
    expires FLOAT NOT NULL,
    body BLOB NOT NULL,
    input BLOB NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX responses_expires ON responses (expires);
