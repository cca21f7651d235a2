#!/usr/bin/env python3
"""Shows likeness at work: starts the service, posts every sample over HTTP, prints each verdict.

Needs nothing but Python 3 and the built program; `make demo` prepares both. The exit status is 1 when a verdict is not
the expected one, 2 when the service could not be asked.
"""

import argparse
import json
import os
import shlex
import signal
import sys
from pathlib import Path

from demoing import tables
from demoing.client import Client
from demoing.server import Server, ServerError

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
RULES = Path("scoring-rules/match-only.json")
FULL_NAME = "Alpha Specimen"


def main() -> int:
    """Runs the demo from the repository's root, where the paths in its advice are true."""
    options = arguments()
    os.chdir(ROOT)
    # A terminal of another alphabet gets a question mark rather than a traceback.
    sys.stdout.reconfigure(errors="replace")
    # Told to end, stop the service too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    samples = [s for s in json.loads((SAMPLES / "index.json").read_text()) if not options.names or s["name"] in options.names]
    if not samples:
        print("demo: no sample of that name: samples/index.json lists them", file=sys.stderr)
        return 2
    if not options.binary.exists():
        print(f"demo: {options.binary} is not built: run: make demo", file=sys.stderr)
        return 2
    try:
        with Server(options.binary, options.data, RULES) as server:
            results = judge(server, samples)
    except ServerError as error:
        print(f"demo: {error}\ndemo: see above what is wrong, put it right and run again: make demo", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(advice(options))
    return 0 if all(result.as_expected for result in results) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="samples to post; all without a name")
    parser.add_argument("--binary", type=Path, default=Path("target/release/likeness"), help="the built program")
    parser.add_argument("--data", type=Path, default=Path("data/demo"), help="folder for what the service keeps")
    return parser.parse_args()


def judge(server: Server, samples: list[dict[str, str]]) -> list[tables.Result]:
    """Posts the samples one after the other and prints what comes back."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    client = Client(server.address, token(server))
    print(tables.opening(client.get("/v1/models").body, str(RULES), len(samples)), flush=True)
    results = []
    for number, sample in enumerate(samples, 1):
        answer = client.match_faces(SAMPLES / sample["document"], SAMPLES / sample["video"], FULL_NAME)
        if answer.status == 0:
            server.check_alive()
        results.append(tables.result(sample, answer))
        print("\n" + tables.block(number, len(samples), results[-1], colour), flush=True)
    print("\n" + tables.summary(results, colour))
    return results


def token(server: Server) -> str:
    """The token of an earlier run while it still opens the door, or else a new one, kept for the next run."""
    kept = server.data / "token"
    if kept.exists():
        known = kept.read_text().strip()
        if Client(server.address, known).get("/v1/models").status == 200:
            return known
    fresh = server.create_token()
    kept.touch(mode=0o600)
    kept.write_text(fresh + "\n")
    return fresh


def advice(options: argparse.Namespace) -> str:
    """How to go on."""
    command = shlex.join([str(options.binary), "serve", "--listen", "127.0.0.1:8080", "--data", str(options.data)])
    return (
        f"\nKeep it running:  make serve   (that is: LIKENESS_RULES={RULES} {command}; the token is in {options.data}/token)\n"
        "Its API page:     http://127.0.0.1:8080/docs/   (described in http://127.0.0.1:8080/openapi.json)"
    )


if __name__ == "__main__":
    sys.exit(main())
