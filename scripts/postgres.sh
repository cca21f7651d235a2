#!/bin/sh
# Runs a command with a PostgreSQL server of its own, whose address it finds in LIKENESS_TEST_DATABASE_URL; the server and
# everything in it are gone when the command has ended, however it did.
#
#   scripts/postgres.sh cargo test
#
# Where LIKENESS_TEST_DATABASE_URL is set already, that server is taken. With OFFLINE set, a machine without PostgreSQL
# runs the command without one. Everything that this says goes to stderr.
set -eu

say() { printf 'postgres: %s\n' "$*" >&2; }
stop() { printf 'postgres: %s\n' "$*" >&2; exit 1; }

[ $# -gt 0 ] || stop "say which command to run: scripts/postgres.sh cargo test"
if [ -n "${LIKENESS_TEST_DATABASE_URL:-}" ]; then
    exec "$@"
fi

# Debian keeps the programs of every version in a folder of its own, and off the path.
programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$programs" ] && command -v pg_config >/dev/null 2>&1; then
    programs=$(pg_config --bindir)
fi
if [ ! -x "$programs/initdb" ]; then
    if [ -n "${OFFLINE:-}" ]; then
        say "skipped: PostgreSQL is not installed; its tests do not run"
        exec "$@"
    fi
    stop "PostgreSQL is not installed: run scripts/setup.sh test, or set OFFLINE=1 to do without"
fi

# PostgreSQL does not run as root; its package comes with a user for it.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# Short, as the path of a socket may have a hundred characters.
folder=$(mktemp -d /tmp/likeness-pg.XXXXXX)
clean() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -f "$folder/data/postmaster.pid" ]; then
        as_server "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 ||
            say "the server in $folder could not be stopped"
    fi
    rm -rf "$folder"
    exit "$status"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || stop "there is no user named postgres for the server to run as: install Debian's package postgresql"
    chown postgres "$folder"
fi
# The folder is its owner's alone, so the socket in it asks nobody for a password. What is in it is for a test: it need
# not outlive the machine.
as_server "$programs/initdb" -D "$folder/data" -U likeness -A trust -E UTF8 --locale=C --no-sync >"$folder.log" 2>&1 || {
    cat "$folder.log" >&2
    rm -f "$folder.log"
    stop "no cluster could be made: look at the lines above"
}
rm -f "$folder.log"
as_server "$programs/pg_ctl" -D "$folder/data" -l "$folder/data/server.log" -w -t 60 -o "\
-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=400 \
-c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >/dev/null || {
    as_server cat "$folder/data/server.log" >&2
    stop "the server did not start: look at the lines above"
}

export LIKENESS_TEST_DATABASE_URL="postgres://likeness@localhost/postgres?host=$folder"
say "a server of its own in $folder"
"$@"
