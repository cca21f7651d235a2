#!/bin/sh
# Feeds the targets of fuzz/ with so many made-up inputs each; fetches cargo-fuzz into target/tools where it is not there.
#
#   scripts/fuzz.sh RUNS [TARGET…]
#
# The compiler is the stable one: what the fuzzer needs of it is asked for by RUSTC_BOOTSTRAP. Without a sanitizer by default, as
# the project's own code is safe Rust and a panic or an overflow ends the program anyway; SANITIZER=address watches the libraries in C, too.
set -eu

cd "$(dirname "$0")/.."
RUNS=${1:?how many inputs each target gets}
shift
VERSION=0.13.2
SANITIZER=${SANITIZER:-none}
OUT=target/soak
export PATH="$PWD/target/tools/bin:$PATH"
export RUSTC_BOOTSTRAP=1

say() { printf 'fuzz: %s\n' "$*" >&2; }

if ! cargo fuzz --version >/dev/null 2>&1; then
    say "installing cargo-fuzz"
    # A folder of its own, so that nothing else on this machine changes.
    CARGO_TARGET_DIR=target/tools/build cargo install --quiet --locked --root target/tools --version "$VERSION" cargo-fuzz
fi

[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml)
mkdir -p "$OUT"
# Debug assertions and checks for overflow stay on: cargo-fuzz builds so.
cargo fuzz build --sanitizer "$SANITIZER"
RESULTS=""
for target; do
    runs=$RUNS
    # What writes files, decodes or builds a whole network is so much slower.
    case $target in
    multipart) runs=$((RUNS / 10 + 1)) ;;
    media | weights_openvino) runs=$((RUNS / 100 + 1)) ;;
    esac
    say "$target: $runs inputs"
    mkdir -p "fuzz/corpus/$target"
    began=$(date +%s)
    log="$OUT/fuzz-$target.log"
    # One input may take 20 seconds and 2 GiB; more is a finding.
    if ! cargo fuzz run --sanitizer "$SANITIZER" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -runs="$runs" -seed=1 -timeout=20 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -verbosity=1 >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        say "$target: found something; the input is in fuzz/artifacts/$target, and the log is $log"
        exit 1
    fi
    done_runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    covered=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    RESULTS="$RESULTS${RESULTS:+, }\"$target\": {\"inputs\": ${done_runs:-0}, \"edges\": ${covered:-0}, \"crashes\": 0, \"seconds\": $(($(date +%s) - began))}"
done
cat >"$OUT/fuzz.json" <<END
{"part": "fuzz", "full": true, "seed": 1, "date": "$(date -u +%Y-%m-%d)", "commit": "$(git describe --always --dirty 2>/dev/null || true)",
 "cores": $(nproc), "memory_gib": $(awk '/MemTotal/ {print int(($2 + 1048575) / 1048576)}' /proc/meminfo), "figures": {"sanitizer": "$SANITIZER", "targets": {$RESULTS}}}
END
say "nothing found"
