#!/bin/sh
# Installs what building and running likeness needs on Debian 12 and its like; does nothing where all is there.
#
#   scripts/setup.sh         for building and running
#   scripts/setup.sh test    for the tests too
#
# Progress goes to stderr; every failure ends with one line that says what to do next.
set -eu

# What cargo links against, what it needs to build the bindings, and what the demo and the tests call.
LIBRARIES="libavcodec-dev libavformat-dev libavutil-dev libavfilter-dev libavdevice-dev libswscale-dev libswresample-dev"
TOOLS="gcc libc6-dev clang libclang-dev pkg-config ffmpeg ca-certificates"
# The browser that the tests of the console drive, and letters for it.
BROWSER="chromium chromium-driver fonts-dejavu-core"
# The database server that the tests start for themselves.
DATABASE="postgresql"

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

missing_packages() {
    for package in $LIBRARIES $TOOLS $WANTED; do
        installed "$package" || printf ' %s' "$package"
    done
    # Any Python 3 with pip will do, wherever it comes from.
    have python3 || printf ' python3'
    python3 -m pip --version >/dev/null 2>&1 || printf ' python3-pip'
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        # Without a terminal nobody could type a password.
        sudo -n "$@"
    fi
}

install_packages() {
    missing=$(missing_packages)
    if [ -z "$missing" ]; then
        return
    fi
    command="apt-get install -y --no-install-recommends$missing"
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || stop "these need root and there is no sudo: run as root: apt-get update && $command"
        sudo="sudo "
    fi
    say "installing$missing"
    # Through env, because sudo forgets the environment.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 update >&2 ||
        stop "the package lists could not be fetched: look at the lines above, then run: ${sudo}apt-get update"
    # shellcheck disable=SC2086 # the list is meant to be split
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 \
        install -y --no-install-recommends $missing >&2 ||
        stop "not everything could be installed: look at the lines above, then run: $sudo$command"
}

# Elsewhere the names differ, so look for the things themselves.
check_by_hand() {
    for tool in cc clang pkg-config ffmpeg python3; do
        have "$tool" || stop "$tool is missing, and only Debian's packages are known here: install it and run again"
    done
    for library in $LIBRARIES; do
        pkg-config --exists "${library%-dev}" ||
            stop "${library%-dev} with its headers is missing: install FFmpeg's development files and run again"
    done
    python3 -m pip --version >/dev/null 2>&1 || stop "python3 has no pip: install it and run again"
}

# The lowest compiler is the one that the manifest names.
check_rust() {
    have cargo || stop "there is no cargo: install Rust as https://rustup.rs says, open a new shell and run again"
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    [ -n "$found" ] || stop "cargo does not start: run 'cargo --version' and follow what it says"
    oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)
    [ "$oldest" = "$wanted" ] || stop "cargo $found is too old, $wanted or later is needed: run: rustup update stable"
}

check_for_tests() {
    cargo fmt --version >/dev/null 2>&1 || stop "rustfmt is missing: run: rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || stop "clippy is missing: run: rustup component add clippy"
}

cd "$(dirname "$0")/.."
WANTED=""
if [ "${1:-}" = test ]; then
    WANTED="$BROWSER $DATABASE"
fi
if have dpkg-query && have apt-get; then
    install_packages
else
    check_by_hand
fi
check_rust
if [ "${1:-}" = test ]; then
    check_for_tests
fi
say "everything is there"
