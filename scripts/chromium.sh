#!/bin/sh
# Prints the path of Chromium, for the tests of the pages.
#
# Where it is missing and root may install it, apt-get does. The tests start it without a window, with a profile of
# its own, and end it.
set -eu

say() { printf '%s\n' "$*" >&2; }

find_program() {
    for name in chromium chromium-browser google-chrome; do
        ! command -v "$name" || return 0
    done
    return 1
}

install_program() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing Chromium with apt-get …"
    apt_get update && apt_get install --yes --no-install-recommends chromium fonts-dejavu-core
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >&2 </dev/null; }

find_program && exit
install_program || { say "Chromium is missing: apt-get install chromium"; exit 3; }
find_program
