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

CREATE INDEX keys_created ON keys (workspace, created, id);

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

CREATE INDEX workspaces_created ON workspaces (created, id);

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

CREATE INDEX members_created ON members (workspace, created, user_id);

CREATE INDEX members_workspaces ON members (user_id, workspace);

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

CREATE INDEX sessions_created ON sessions (user_id, created, id);

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

CREATE TABLE repeats (
    caller TEXT NOT NULL,
    name BLOB NOT NULL,
    workspace TEXT NOT NULL,
    request BLOB NOT NULL,
    created FLOAT NOT NULL,
    answer TEXT,
    sealed BOOLEAN NOT NULL,
    PRIMARY KEY (caller, name)
);

CREATE INDEX repeats_created ON repeats (created);

CREATE TABLE rates (
    workspace TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    requests INTEGER,
    tokens INTEGER,
    parallel INTEGER,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, scope, scope_id)
);

CREATE TABLE prices (
    workspace TEXT NOT NULL,
    number INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    valid_from FLOAT NOT NULL,
    content TEXT NOT NULL,
    created FLOAT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (workspace, number)
);

CREATE TABLE corrections (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    call TEXT NOT NULL,
    number INTEGER NOT NULL,
    at FLOAT NOT NULL,
    key_id TEXT NOT NULL,
    surface TEXT NOT NULL,
    model_type TEXT NOT NULL,
    asked_model TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL,
    meter TEXT NOT NULL,
    tag TEXT NOT NULL,
    member TEXT NOT NULL,
    credential TEXT NOT NULL,
    hosted TEXT NOT NULL,
    route TEXT NOT NULL,
    currency TEXT NOT NULL,
    price TEXT NOT NULL,
    unpriced INTEGER NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created FLOAT NOT NULL,
    unit_prices TEXT NOT NULL,
    price_version TEXT NOT NULL,
    PRIMARY KEY (workspace, id),
    CONSTRAINT corrections_number UNIQUE (workspace, call, number)
);

CREATE INDEX corrections_at ON corrections (workspace, at);

CREATE TABLE call_totals (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    at FLOAT NOT NULL,
    key_id TEXT NOT NULL,
    surface TEXT NOT NULL,
    model_type TEXT NOT NULL,
    asked_model TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL,
    meter TEXT NOT NULL,
    tag TEXT NOT NULL,
    member TEXT NOT NULL,
    credential TEXT NOT NULL,
    hosted TEXT NOT NULL,
    route TEXT NOT NULL,
    currency TEXT NOT NULL,
    calls INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    quantity TEXT,
    units TEXT,
    price TEXT,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX call_totals_at ON call_totals (workspace, at);

CREATE TABLE retention (
    workspace TEXT NOT NULL,
    keep FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE budgets (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    period TEXT NOT NULL,
    action TEXT NOT NULL,
    unpriced TEXT,
    created FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    CONSTRAINT budgets_of UNIQUE (workspace, scope, target, period, currency)
);

CREATE TABLE grants (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, provider, kind)
);

CREATE TABLE preferences (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    preferred TEXT NOT NULL,
    PRIMARY KEY (workspace, provider)
);

CREATE TABLE spent (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    period FLOAT NOT NULL,
    used TEXT NOT NULL,
    PRIMARY KEY (workspace, name, period)
);

CREATE TABLE holds (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    call TEXT NOT NULL,
    period FLOAT NOT NULL,
    amount TEXT NOT NULL,
    holder TEXT NOT NULL,
    PRIMARY KEY (workspace, name, call)
);

CREATE INDEX holds_call ON holds (workspace, call);

CREATE INDEX holds_holder ON holds (holder);

CREATE TABLE holders (
    id TEXT NOT NULL,
    home TEXT NOT NULL,
    beat INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE network_settings (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    plain TEXT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, provider)
);

CREATE TABLE network_secrets (
    workspace TEXT NOT NULL,
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (workspace, record, field)
);

CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    email TEXT NOT NULL,
    created FLOAT NOT NULL,
    PRIMARY KEY (issuer, subject),
    CONSTRAINT identities_user UNIQUE (user_id, issuer)
);

CREATE TABLE used_sign_ins (
    hash BLOB NOT NULL,
    expires FLOAT NOT NULL,
    PRIMARY KEY (hash)
);

CREATE INDEX used_sign_ins_expires ON used_sign_ins (expires);

CREATE TABLE balances (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    strategy TEXT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, provider, model, model_type)
);

CREATE TABLE balance_entries (
    workspace TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_type TEXT NOT NULL,
    place INTEGER NOT NULL,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    weight INTEGER NOT NULL,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, provider, model, model_type, place),
    CONSTRAINT balance_entries_credential UNIQUE (workspace, provider, model, model_type, credential)
);

CREATE TABLE routes (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    model_type TEXT NOT NULL,
    strategy TEXT NOT NULL,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE TABLE route_entries (
    workspace TEXT NOT NULL,
    route TEXT NOT NULL,
    place INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    weight INTEGER NOT NULL,
    timeout FLOAT,
    goes_on TEXT NOT NULL,
    PRIMARY KEY (workspace, route, place),
    CONSTRAINT route_entries_model UNIQUE (workspace, route, provider, model)
);

INSERT INTO workspaces (id, name, created, version)
VALUES ('default', 'Default', CAST(strftime('%s', 'now') AS FLOAT), 1);

INSERT INTO marks (name, number) VALUES ('schema.oldest', 1);
