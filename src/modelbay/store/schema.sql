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
    types TEXT DEFAULT '[]' NOT NULL,
    surfaces TEXT DEFAULT '[]' NOT NULL,
    networks TEXT DEFAULT '[]' NOT NULL,
    member TEXT DEFAULT '' NOT NULL,
    parent TEXT DEFAULT '' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
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
    member TEXT DEFAULT '' NOT NULL,
    credential TEXT DEFAULT '' NOT NULL,
    credential_name TEXT DEFAULT '' NOT NULL,
    hosted TEXT DEFAULT '' NOT NULL,
    units TEXT,
    unit_prices TEXT DEFAULT '' NOT NULL,
    price_version TEXT DEFAULT '' NOT NULL,
    route TEXT DEFAULT '' NOT NULL,
    tried TEXT DEFAULT '' NOT NULL,
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

CREATE TABLE workspaces (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE audit (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    at FLOAT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX audit_at ON audit (workspace, at);

CREATE TABLE vault_keys (
    workspace TEXT NOT NULL,
    number INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    sealed_private_key BLOB NOT NULL,
    master TEXT NOT NULL,
    created FLOAT NOT NULL,
    retired FLOAT,
    PRIMARY KEY (workspace, number)
);

CREATE TABLE users (
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    created FLOAT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT users_email UNIQUE (email)
);

CREATE TABLE members (
    workspace TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created FLOAT NOT NULL,
    PRIMARY KEY (workspace, user_id)
);

CREATE INDEX members_user ON members (user_id);

CREATE TABLE invitations (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    hash BLOB NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    created FLOAT NOT NULL,
    expires FLOAT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (workspace, id),
    CONSTRAINT invitations_hash UNIQUE (hash),
    CONSTRAINT invitations_email UNIQUE (workspace, email)
);

CREATE TABLE setup_links (
    hash BLOB NOT NULL,
    created FLOAT NOT NULL,
    PRIMARY KEY (hash)
);

CREATE TABLE sessions (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    previous BLOB,
    created FLOAT NOT NULL,
    rotated FLOAT NOT NULL,
    seen FLOAT NOT NULL,
    expires FLOAT NOT NULL,
    renew BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT sessions_hash UNIQUE (hash)
);

CREATE INDEX sessions_previous ON sessions (previous);

CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE attempts (
    name TEXT NOT NULL,
    failures INTEGER NOT NULL,
    until FLOAT NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (name)
);

CREATE INDEX attempts_at ON attempts (at);

CREATE TABLE credentials (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    name TEXT NOT NULL,
    plain TEXT NOT NULL,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    CONSTRAINT credentials_name UNIQUE (workspace, provider, model, model_type, name)
);

CREATE TABLE credential_secrets (
    workspace TEXT NOT NULL,
    credential TEXT NOT NULL,
    field TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (workspace, credential, field)
);

CREATE TABLE active_credentials (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    credential TEXT,
    PRIMARY KEY (workspace, provider, model, model_type)
);

CREATE TABLE custom_models (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    created FLOAT NOT NULL,
    PRIMARY KEY (workspace, provider, model, model_type)
);

CREATE TABLE model_settings (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, provider, model, model_type)
);

CREATE TABLE default_models (
    workspace TEXT NOT NULL,
    model_type TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, model_type)
);

INSERT INTO workspaces (id, name, created, version)
VALUES ('default', 'Default', CAST(strftime('%s', 'now') AS FLOAT), 1);

INSERT INTO marks (name, number) VALUES ('schema.oldest', 1);
