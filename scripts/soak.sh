#!/bin/sh
# Runs the tests of `make test` at full count, and the fuzzer; a part that fails does not keep the others from being run.
#
#   scripts/soak.sh BINARY RUNS [PART…]      parts: pressure memory crash corpus changes rest fuzz
#
# Each part leaves its figures in target/soak, so that parts can be run one after another, on several days.
set -u

cd "$(dirname "$0")/.."
BINARY=${1:?the program to be tried}
RUNS=${2:?how many inputs the fuzzer makes for each target}
shift 2
[ $# -gt 0 ] || set -- pressure memory crash corpus changes rest fuzz

say() { printf 'soak: %s\n' "$*" >&2; }

# Alone on the machine, one test at a time: what is measured is measured here.
full() {
    LIKENESS_SOAK=full LIKENESS_SOAK_BINARY="$BINARY" cargo test --locked --test it "$1" -- --nocapture --test-threads=1
}

part() {
    case $1 in
    pressure | memory | crash | corpus) full "reliability::$1" ;;
    changes) full reliability::fuzzed ;;
    # Whatever else counts differently here than in `make test`, on both databases as there.
    rest) LIKENESS_SOAK=full scripts/postgres.sh cargo test --workspace --locked -- --skip reliability:: ;;
    fuzz) scripts/fuzz.sh "$RUNS" ;;
    *) say "there is no part named $1" && return 1 ;;
    esac
}

failed=""
for name; do
    began=$(date +%s)
    if part "$name"; then
        say "$name: passed in $(($(date +%s) - began)) s"
    else
        say "$name: FAILED after $(($(date +%s) - began)) s"
        failed="$failed $name"
    fi
done
python3 -B scripts/reliability.py
[ -z "$failed" ] || { say "failed:$failed"; exit 1; }
