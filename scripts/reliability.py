"""Prints the table of docs/reliability.md from what `make soak` left in target/soak, so that no figure is typed by hand.

    python3 scripts/reliability.py [FOLDER]
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def number(value: float) -> str:
    """A number with its thousands parted."""
    text = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    return text.replace(",", " ").removesuffix(".00")


def corpus(found: dict) -> list[tuple[str, str, str]]:
    memory, files = found["resident_mib"], number(found["files"])
    return [
        (
            "hostile files through the doors", f"{files} pictures and videos",
            f"crashes {found['crashes']}, hangs {found['hangs']}, answers of 5xx {found['answers_of_5xx']}; {number(found['refused'])} refused with a reason, "
            f"{number(found['taken'])} taken (a damaged file may still decode), of them {number(found['not_examinable'])} said at the examination to be unusable; "
            f"slowest {number(found['slowest_ms'])} ms; files without rows {found['orphans']}; memory {memory[0]} → {memory[1]} MiB, "
            f"descriptors {found['descriptors'][0]} → {found['descriptors'][1]}",
        )
    ]


def crash(found: dict) -> list[tuple[str, str, str]]:
    return [
        (
            "`kill -9` under load", f"{number(found['kills'])} times, {number(found['calls'])} calls",
            f"of {number(found['sessions_acknowledged'])} acknowledged sessions lost {found['sessions_lost']}, of {number(found['files_acknowledged'])} "
            f"acknowledged files lost or changed {found['files_lost_or_changed']} (SHA-256), of {number(found['examinations'])} examinations ended twice "
            f"{found['examinations_ended_twice']}",
        ),
        (
            "results and events posted across the kills", f"{number(found['results_to_post'])} results, {number(found['examinations'])} events",
            f"received {number(found['results_received'])} and {number(found['events_received'])}, still to be posted {number(found['still_waiting_to_be_posted'])}, posted again with the same id and "
            f"body {number(found['received_again_with_the_same_id_and_body'])}",
        ),
        (
            "files that kills left without rows", f"{number(found['orphans_left_by_kills'])} files",
            f"left after the sweep {number(found['orphans_after_the_sweep'])}",
        ),
    ]


def pressure(what: str, found: dict) -> list[tuple[str, str, str]]:
    alone, accepted, ratio, memory = found["alone_ms"], found["accepted_ms"], found["ratio"], found["resident_mib"]
    verdict = "within 2 ×" if max(ratio["median"], ratio["p95"]) <= 2 else "beyond 2 ×"
    return [
        (
            f"four times too many {what}",
            f"{number(found['asked_a_second'])} a second for {found['seconds']} s, where {number(found['capacity_a_second'])} can be served",
            f"{number(found['accepted'])} served, {number(found['refused_with_retry_after'])} told to come back (429), other answers {found['other_answers']}; "
            f"median {number(accepted['median'])} ms against {number(alone['median'])} alone ({number(ratio['median'])} ×), 95th percentile "
            f"{number(accepted['p95'])} against {number(alone['p95'])} ms ({number(ratio['p95'])} ×): {verdict}; memory at most {memory['peak']} MiB of "
            f"{memory['bound']} stated; at rest after {number(found['rest_ms'])} ms",
        )
    ]


def memory(found: dict) -> list[tuple[str, str, str]]:
    course = found["resident_mib"]
    return [
        (
            "requests of every kind", f"{number(found['requests'])}, the first {number(found['warm_up'])} to warm up",
            f"memory {' → '.join(str(part) for part in course)} MiB: {number(found['growth_percent'])} %; "
            f"descriptors {found['descriptors'][0]} → {found['descriptors'][1]}",
        )
    ]


def changes(found: dict) -> list[tuple[str, str, str]]:
    total = sum(target["changes"] + target["seeds"] for target in found.values())
    return [("seeds and changes of them, by the tests", f"{number(total)} inputs to {len(found)} targets", "panics 0")]


def fuzz(found: dict) -> list[tuple[str, str, str]]:
    rows = []
    for name, target in found["targets"].items():
        rows.append(
            (
                f"fuzz `{name}` (sanitizer: {found['sanitizer']})", f"{number(target['inputs'])} inputs, {number(target['seconds'])} s",
                f"crashes {target['crashes']}; {number(target['edges'])} edges of the program reached",
            )
        )
    return rows


READERS = {
    "corpus": corpus,
    "crash": crash,
    "pressure-matches": lambda found: pressure("matches", found),
    "pressure-comparisons": lambda found: pressure("comparisons", found),
    "memory": memory,
    "changes": changes,
    "fuzz": fuzz,
}


def table(folder: Path) -> str:
    """The page's table; parts that were not run are said to be missing."""
    lines = ["| thrown at it | how many | what came of it | when and where |", "|---|---|---|---|"]
    known = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    for part, read in READERS.items():
        report = known.pop(part, None)
        if report is None:
            lines.append(f"| {part} | not run | – | – |")
            continue
        cut = "" if report["full"] else ", a cut"
        where = f"{report['date']}, {report['cores']} cores, {report['memory_gib']} GiB, {report['commit']}{cut}"
        lines += [f"| {what} | {how_many} | {result} | {where} |" for what, how_many, result in read(report["figures"])]
    # What other tests leave is printed as it is, so that nothing that was measured is passed over.
    for part, report in known.items():
        figures = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in report["figures"].items())
        where = f"{report['date']}, {report['cores']} cores, {report['memory_gib']} GiB, {report['commit']}"
        lines.append(f"| {part} | | {figures} | {where} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target/soak"))
