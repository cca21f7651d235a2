#!/bin/sh
# Fetches axe-core, which holds the console's pages against accessibility rules in the tests. It comes inside a Python
# package, known by its hash, into target/browser; it is no part of the service.
set -eu
cd "$(dirname "$0")/.."
folder=target/browser
script=$folder/axe_playwright_python/axe.min.js
if [ -f "$script" ]; then
    exit 0
fi
mkdir -p "$folder"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --requirement scripts/axe.txt --dest "$folder" >&2 ||
    { echo "axe: the package could not be fetched: look at the lines above, or run 'make test OFFLINE=1' to skip what needs it" >&2; exit 1; }
python3 -m zipfile -e "$folder"/axe_playwright_python-*.whl "$folder"
