#!/bin/sh
# Make the lock files again from pyproject.toml: names, versions and hashes for every supported Python, nothing else.
#
#   scripts/lock.sh            keep what is locked where it still fits
#   scripts/lock.sh --upgrade  take the newest releases
set -eu
cd "$(dirname "$0")/.."
scripts/environment.sh dev

# No header and no annotations: they name the command, the folder or the index of whoever ran it last.
compile() {
    .venv/uv/bin/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}

compile pyproject.toml --extra gateway --extra oidc --extra postgres --extra redis --group build "$@" --output-file requirements/run.lock
# What runs is tested as it runs: the same versions in both.
compile pyproject.toml --extra aws --extra gateway --extra google --extra oidc --extra parquet --extra postgres --extra redis --group dev \
    --constraint requirements/run.lock "$@" --output-file requirements/dev.lock
compile requirements/uv.in "$@" --output-file requirements/uv.lock
# Clients that the tests run against the gateway: apart from Modelbay, and from each other where they do not agree.
compile requirements/clients.in "$@" --output-file requirements/clients.lock
compile requirements/clients-llamaindex.in "$@" --output-file requirements/clients-llamaindex.lock
if command -v npm >/dev/null; then
    [ "${1:-}" != --upgrade ] || rm -f tests/clients/npm/package-lock.json
    npm install --prefix tests/clients/npm --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error \
        --omit-lockfile-registry-resolved >&2
fi
