#!/bin/sh
# A Redis server of the checkout's own, for the tests and for trying things out.
#
#   scripts/redis.sh start [NAME]    start it if it does not run; print its URL
#   scripts/redis.sh stop [NAME]     stop it and remove all that it holds
#
# The tests start one named "tests", and stop it when the last run of them ends.
# It listens on loopback only, on a port that was free, with a password of its own, in a folder of its own under
# $TMPDIR, and keeps nothing. Where the program is missing and root may install it, apt-get does: only the program,
# without the package that makes a service of it.
set -eu
cd "$(dirname "$0")/.."

folder=${TMPDIR:-/tmp}/modelbay-redis-$(id -u)-$(pwd -P | cksum | cut -d ' ' -f 1)-${2:-own}

say() { printf '%s\n' "$*" >&2; }

# redis-tools has the server's program too, under the name of another: what it does depends on how it is called.
find_program() {
    for program in "$(command -v redis-server || true)" /usr/local/bin/redis-server /usr/bin/redis-check-rdb; do
        [ -x "$program" ] || continue
        ln -sf "$program" "$1/redis-server"
        ! "$1/redis-server" --version 2>/dev/null | grep -q '^Redis server' || return 0
    done
    return 1
}

install_program() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing Redis with apt-get …"
    apt_get update && apt_get install --yes --no-install-recommends redis-tools
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2 </dev/null; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

is_running() { [ -s "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null; }

settings() {
    printf '%s\n' 'bind 127.0.0.1' "port $1" "requirepass $2" 'save ""' 'appendonly no' 'daemonize yes' \
        "dir $folder" "pidfile $folder/pid" "logfile $folder/server.log" 'maxmemory 256mb'
}

launch() {
    port=$(free_port)
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && settings "$port" "$password" >"$folder/redis.conf")
    "$folder/redis-server" "$folder/redis.conf"
    tries=0
    until grep -q 'Ready to accept connections' "$folder/server.log" 2>/dev/null && is_running; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { cat "$folder/server.log" >&2; exit 1; }
        sleep 0.05
    done
    (umask 077 && printf 'redis://:%s@127.0.0.1:%s/0\n' "$password" "$port" >"$folder/url")
}

start() {
    if ! is_running; then
        rm -rf "$folder"
        mkdir -m 700 "$folder"
        find_program "$folder" || { install_program && find_program "$folder"; } || {
            rm -rf "$folder"
            say "Redis is not installed, and only root on a system with apt-get can install it here."
            exit 3
        }
        launch >&2
    fi
    cat "$folder/url"
}

stop() {
    [ -d "$folder" ] || return 0
    ! is_running || kill -9 "$(cat "$folder/pid")"  # there is nothing to keep
    rm -rf "$folder"
}

case ${1:-} in
    start | stop) "$1" ;;
    *) say "usage: scripts/redis.sh start|stop [NAME]" && exit 2 ;;
esac
