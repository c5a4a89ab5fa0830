#!/bin/sh
# Make an environment with clients of the gateway, beside Modelbay's own, and print where it is.
#
#   scripts/clients.sh clients|clients-llamaindex|npm
#
# As with scripts/environment.sh it is either fresh or made again from nothing, and the stamp is written last.
set -eu
cd "$(dirname "$0")/.."

name=$1
place=.venv/clients/$name
npm=tests/clients/npm

export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0

say() { printf '%s\n' "$*" >&2; }

case $name in
    npm) locked="$npm/package.json $npm/package-lock.json" ;;
    clients | clients-llamaindex) locked=requirements/$name.lock ;;
    *) say "usage: scripts/clients.sh clients|clients-llamaindex|npm" && exit 2 ;;
esac
# shellcheck disable=SC2086 # two names for npm
digest=$( { pwd -P; cat scripts/clients.sh $locked; .venv/bin/python --version; } | cksum)

# The interpreter that .venv was made with: it has pip, .venv has not.
base_python() { .venv/bin/python -c 'import sys; print(sys._base_executable)'; }

pip_index() { "$python" -m pip config list 2>/dev/null | sed -n "s/^.*\.index-url='\(.*\)'\$/\1/p" | head -n 1; }

with_uv() {
    [ -x .venv/uv/bin/uv ] || return 1
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$(pip_index)} VIRTUAL_ENV='' \
        .venv/uv/bin/uv pip install --no-config --quiet --python "$place/bin/python" "$@"
}

with_pip() {
    "$python" -m pip --python "$place/bin/python" install -qq --disable-pip-version-check "$@"
}

make_python() {
    python=$(base_python)
    "$python" -m venv --without-pip "$place"
    set -- --no-deps --only-binary=:all: --require-hashes --requirement "$locked"
    with_uv "$@" || { say "uv could not install; trying pip." && with_pip "$@"; }
}

# No script of a package is run: none of these needs one.
make_npm() {
    mkdir -p "$place"
    cp "$npm/package.json" "$npm/package-lock.json" "$place"
    npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 >&2
}

if [ "$(cat "$place/.ready" 2>/dev/null)" != "$digest" ]; then
    rm -rf "$place"
    mkdir -p .venv/clients
    case $name in
        npm) make_npm ;;
        *) make_python ;;
    esac
    printf '%s\n' "$digest" >"$place/.ready"
fi
printf '%s\n' "$place"
