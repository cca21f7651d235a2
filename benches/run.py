#!/usr/bin/env python3
"""Measures likeness against the goals of docs/performance.md and prints the whole table: `make bench`.

    python3 benches/run.py                      every part
    python3 benches/run.py embed search         these parts
    python3 benches/run.py --show --markdown    the last results again, to paste into a page

Every part in benches/parts runs in a process of its own, so that one's memory and packages are not another's, and
writes benches/results/PART.json. The reference programs come by pip into target/bench-venv. The exit status is 1
when a part failed; a goal that is missed, or a part that cannot be measured here, is said in the table.
"""

import argparse
import concurrent.futures
import importlib
import json
import multiprocessing
import sys
import tempfile
import traceback
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
ROOT = BENCHES.parent
RESULTS = BENCHES / "results"
PLOTS = ROOT / "docs/performance"
sys.path.insert(0, str(BENCHES))

from harness import machine, plot, table  # noqa: E402
from harness.bench import Bench  # noqa: E402
from harness.unmeasured import NotMeasured  # noqa: E402


def main() -> int:
    options = arguments()
    parts = options.parts or part_names()
    unknown = sorted(set(parts) - set(part_names()))
    if unknown:
        print(f"bench: no part {', '.join(unknown)}; there are {', '.join(part_names())}", file=sys.stderr)
        return 2
    if not options.show:
        if not options.binary.exists():
            print(f"bench: {options.binary} is not built: run: make bench", file=sys.stderr)
            return 2
        facts = machine.facts(ROOT, options.binary)
        for part in parts:
            print(f"bench: {part}", file=sys.stderr, flush=True)
            keep(apart(part, options) | {"measured_on": facts})
    results = [kept(part) for part in parts if (RESULTS / f"{part}.json").exists()]
    for about in dict.fromkeys(machine.sentence(result["measured_on"]) + ", a quick look" * result.get("quick", False) for result in results):
        print(about)
    print(versions(results), end="\n\n")
    print("\n".join(table.lines(results, options.markdown)))
    for result in results:
        for drawing in result.get("plots", []):
            PLOTS.mkdir(exist_ok=True)
            (PLOTS / f"{drawing['name']}.svg").write_text(plot.svg(drawing))
    return 1 if any("failed" in result for result in results) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure ({', '.join(part_names())}); all without one")
    parser.add_argument("--quick", action="store_true", help="fewer runs, for a look")
    parser.add_argument("--pictures", type=lambda path: Path(path).resolve(), help="a folder of pictures of faces, for the parts that need one")
    parser.add_argument("--binary", type=lambda path: Path(path).resolve(), default=ROOT / "target/release/likeness", help="the built program")
    parser.add_argument("--show", action="store_true", help="measure nothing: print the last results, and draw the plots again")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    return parser.parse_args()


def part_names() -> list[str]:
    return sorted(path.stem for path in (BENCHES / "parts").glob("*.py") if path.stem != "__init__")


def apart(part: str, options: argparse.Namespace) -> dict:
    """Runs a part in a fresh process; one that dies takes nothing with it."""
    fresh = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fresh) as pool:
        try:
            return pool.submit(measured, part, options).result()
        except concurrent.futures.process.BrokenProcessPool:
            return failure(part, "its process died")


def measured(part: str, options: argparse.Namespace) -> dict:
    """What a part found, or why it found nothing."""
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as scratch:
        bench = Bench(ROOT, options.binary, Path(scratch), options.quick, options.pictures)
        try:
            module = importlib.import_module(f"parts.{part}")
            facts = {"part": part, "title": module.__doc__.splitlines()[0], "lines": module.LINES, "quick": options.quick}
            try:
                return facts | module.measure(bench) | {"versions": bench.versions}
            except NotMeasured as why:
                return facts | {"rows": [], "not_measured": str(why)}
        except Exception as error:
            traceback.print_exc()
            return failure(part, f"{type(error).__name__}: {error}")


def failure(part: str, why: str) -> dict:
    return {"part": part, "lines": [], "rows": [], "failed": why, "not_measured": f"it failed: {why}"}


def keep(result: dict) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{result['part']}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def kept(part: str) -> dict:
    return json.loads((RESULTS / f"{part}.json").read_text())


def versions(results: list[dict]) -> str:
    """The packages that were compared with, each once."""
    known = {f"{name} {version}" for result in results for name, version in result.get("versions", {}).items()}
    return ", ".join(sorted(known)) or "no other packages"


if __name__ == "__main__":
    sys.exit(main())
