#!/bin/sh
# A PostgreSQL server of the checkout's own, for the tests and for trying things out.
#
#   scripts/postgres.sh start [NAME]    start it if it does not run; print its URL
#   scripts/postgres.sh stop [NAME]     stop it and remove all that it holds
#   scripts/postgres.sh pause [NAME]    stop it, keep what it holds; resume starts it again at the same address
#
# The tests start one named "tests", and stop it when the last run of them ends.
# It listens on loopback only, on a port that was free, with a password of its own, in a folder of its own: in memory
# where there is room, since a new database is some three hundred files and every test has one, else under $TMPDIR.
# It does not sync, so it is fast, and no place for what anybody wants to keep. Where the server's programs are missing
# and root may install them, apt-get does.
set -eu
cd "$(dirname "$0")/.."

memory=/dev/shm
room=2097152 # KiB
folder=modelbay-postgres-$(id -u)-$(pwd -P | cksum | cut -d ' ' -f 1)-${2:-own}

has_room() { [ -w "$memory" ] && [ "$(df -Pk "$memory" | awk 'NR == 2 { print $4 }')" -ge "$room" ]; }

if [ -d "$memory/$folder" ] || { [ ! -d "${TMPDIR:-/tmp}/$folder" ] && has_room; }; then
    folder=$memory/$folder
else
    folder=${TMPDIR:-/tmp}/$folder
fi
data=$folder/data

say() { printf '%s\n' "$*" >&2; }

find_programs() {
    for programs in $(pg_config --bindir 2>/dev/null || true) /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/bin; do
        if [ -x "$programs/initdb" ] && [ -x "$programs/postgres" ]; then
            printf '%s\n' "$programs"
            return
        fi
    done
    return 1
}

install_programs() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing PostgreSQL with apt-get …"
    apt_get update && apt_get install --yes --no-install-recommends postgresql-common || return 1
    # The server's package would make and start one of its own, which nobody asked for.
    sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    apt_get install --yes --no-install-recommends postgresql
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2 </dev/null; }

# PostgreSQL refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@"
    else
        env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@"
    fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

make_cluster() {
    rm -rf "$folder"
    mkdir -m 700 "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password")
    [ "$(id -u)" != 0 ] || chown postgres "$folder/password"
    as_owner "$programs/initdb" --pgdata="$data" --username=modelbay --pwfile="$folder/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log"
}

is_running() { [ -d "$data" ] && as_owner "$programs/pg_ctl" --pgdata="$data" status >/dev/null 2>&1; }

launch() {
    port=${1:-$(free_port)}
    as_owner "$programs/pg_ctl" --pgdata="$data" --log="$folder/server.log" --wait --silent start --options="\
-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=200 \
-c shared_buffers=32MB -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    printf 'postgresql://modelbay:%s@127.0.0.1:%s/postgres\n' "$(cat "$folder/password")" "$port" >"$folder/url"
}

start() {
    programs=$(find_programs) || { install_programs && programs=$(find_programs); } || {
        say "PostgreSQL is not installed, and only root on a system with apt-get can install it here."
        exit 3
    }
    if ! is_running; then
        make_cluster
        launch >&2
    fi
    cat "$folder/url"
}

stop() {
    [ -d "$folder" ] || return 0
    programs=$(find_programs) || return 0
    ! is_running || as_owner "$programs/pg_ctl" --pgdata="$data" --mode=immediate --wait --silent stop >&2
    rm -rf "$folder"
}

pause() {
    programs=$(find_programs)
    as_owner "$programs/pg_ctl" --pgdata="$data" --mode=fast --wait --silent stop >&2
}

resume() {
    programs=$(find_programs)
    port=$(sed 's|.*:\([0-9]*\)/.*|\1|' "$folder/url")
    launch "$port" >&2
}

case ${1:-} in
    start | stop | pause | resume) "$1" ;;
    *) say "usage: scripts/postgres.sh start|stop|pause|resume [NAME]" && exit 2 ;;
esac
