#!/bin/sh
# Make the checkout's private environment, .venv, ready.
#
#   scripts/environment.sh run|dev      PYTHON=python3.12 chooses the interpreter
#
# The environment is either fresh or made again from nothing: there is no state in between to repair. It is fresh
# when the stamp, written last, names this checkout, the lock files and pyproject.toml as they are now. Then nothing
# is started or written. `dev` holds all that `run` holds.
set -eu
cd "$(dirname "$0")/.."

level=$1
stamp=.venv/.ready
digest=$( { pwd -P; cat scripts/environment.sh pyproject.toml requirements/run.lock requirements/dev.lock requirements/uv.lock; } | cksum)

# A user's settings for installing elsewhere, which would refuse or divert an install into .venv.
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0

say() { printf '%s\n' "$*" >&2; }

identity() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)'; }

is_fresh() {
    [ -x .venv/bin/python ] && [ -x .venv/bin/modelbay ] && [ -f "$stamp" ] || return 1
    case "$(cat "$stamp")" in
        "dev $digest" | "$level $digest") ;;
        *) return 1 ;;
    esac
    # An interpreter that nobody named is the one the environment has.
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity .venv/bin/python)" ]
}

is_supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

choose_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if is_supported "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    say "No Python 3.11 or newer found (tried: ${PYTHON:-python3, python3.13, python3.12, python3.11, python})." \
        "Install one, or name it: make PYTHON=path/to/python test"
    return 1
}

# uv does not read pip's settings; without this it would pass by the registry that this machine is set up to use.
pip_index() { "$python" -m pip config list 2>/dev/null | sed -n "s/^.*\.index-url='\(.*\)'\$/\1/p" | head -n 1; }

with_uv() {
    # The environment's own packages never see uv: it stands beside them.
    [ -x .venv/uv/bin/uv ] || "$python" -m pip install -qq --disable-pip-version-check --no-deps --only-binary=:all: \
        --require-hashes --target .venv/uv --requirement requirements/uv.lock || return 1
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$(pip_index)} VIRTUAL_ENV='' \
        .venv/uv/bin/uv pip install --no-config --quiet --python .venv/bin/python "$@"
}

with_pip() {
    "$python" -m pip --python .venv/bin/python install -qq --disable-pip-version-check "$@"
}

# Measured with an empty cache: 5 s with uv, 26 s with pip. pip is the way where uv cannot run or reach the registry.
install() {
    with_uv "$@" || { say "uv could not install; trying pip." && with_pip "$@"; }
}

make_environment() {
    python=$(choose_python)
    say "Setting up .venv ($level) with $("$python" --version) …"
    rm -rf .venv
    "$python" -m venv --without-pip .venv
    install --no-deps --only-binary=:all: --require-hashes --requirement "requirements/$level.lock"
    install --no-deps --no-build-isolation --editable .
    printf '%s\n' "$level $digest" >"$stamp"
}

case $level in
    run | dev) is_fresh || make_environment ;;
    *) say "usage: scripts/environment.sh run|dev" && exit 2 ;;
esac
