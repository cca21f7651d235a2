"""Turns answers into what the demo prints; nothing here does input or output."""

import shutil
import textwrap
from dataclasses import dataclass
from typing import Any

from .client import Answer

COLOURS = {"pass": "32", "refer": "33", "fail": "31", "error": "31"}
LABEL = 14


@dataclass(frozen=True)
class Result:
    """One sample and what the service said of it."""

    sample: dict[str, str]
    verdict: str
    score: float | None
    percentages: list[float]
    failed: list[str]
    referred: list[str]
    milliseconds: int
    complaint: str = ""

    @property
    def as_expected(self) -> bool:
        return self.verdict == self.sample["verdict"]


def result(sample: dict[str, str], answer: Answer) -> Result:
    """Reads the answer of match-faces; one that is no verdict becomes the verdict `error`."""
    try:
        scoring, data = answer.body["scoring_result"], answer.body["data"]
        return Result(
            sample, scoring["status"], data["score"], data["percentages"],
            scoring["failed_conditions"], scoring["failed_refer_conditions"], answer.milliseconds,
            # A capture that could not be used has a code of its own and a reason in words.
            "" if data["code"] == 0 else data["description"],
        )
    except (KeyError, TypeError, IndexError):
        said = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else answer.body
        return Result(sample, "error", None, [], [], [], answer.milliseconds, f"HTTP {answer.status}: {said}" if answer.status else said)


def opening(models: Any, rules: str, count: int) -> str:
    """Which pack decides and by which rules."""
    facts = models if isinstance(models, dict) else {}
    pack = facts.get("embedder", "unknown")
    weaker = ", the weaker one: the better could not be fetched" if facts.get("weaker") else ""
    return "\n".join([
        f"{count} samples, posted to /api-gateway/match-faces",
        row("embedder", f"{pack}{weaker}"),
        row("rules", rules),
        row("liveness", "not examined: the samples are moving stills, and these rules do not ask for it"),
    ])


def block(number: int, count: int, got: Result, colour: bool) -> str:
    """One sample's small table."""
    lines = [f"{number}/{count}  {got.sample['name']}: {got.sample['title']}"]
    if got.percentages:
        lines.append(row("frame", "".join(f"{index + 1:>8}" for index in range(len(got.percentages)))))
        lines.append(row("percentage", "".join(f"{value:>8.2f}" for value in got.percentages)))
    else:
        lines.append(row("percentage", "no frame could be compared"))
    lines.append(row("score", "-" if got.score is None else f"{got.score:.2f}"))
    liveness = "" if got.verdict == "error" else ", liveness not examined"
    lines.append(row("verdict", f"{painted(got.verdict, colour)}{liveness}; {expectation(got)}"))
    for label, reasons in (("failed", got.failed), ("for review", got.referred), ("note", [got.complaint])):
        for reason in filter(None, reasons):
            lines.append(row(label, reason))
    if not got.failed and not got.referred and not got.complaint:
        lines.append(row("failed", "no condition"))
    lines.append(row("milliseconds", str(got.milliseconds)))
    return "\n".join(lines)


def summary(results: list[Result], colour: bool) -> str:
    """All samples at a glance."""
    lines = [f"{'sample':<20}{'score':>8}   {'verdict':<9}{'expected':<10}{'ms':>6}"]
    for got in results:
        score = "-" if got.score is None else f"{got.score:.2f}"
        # Colour codes have no width, so the padding comes before them.
        verdict = painted(got.verdict, colour) + " " * (9 - len(got.verdict))
        mark = "✓" if got.as_expected else "✗"
        lines.append(f"{got.sample['name']:<20}{score:>8}   {verdict}{got.sample['verdict']:<6}{mark:<4}{got.milliseconds:>6}")
    met = sum(got.as_expected for got in results)
    lines.append(f"{met} of {len(results)} verdicts as expected; liveness not examined")
    return "\n".join(lines)


def expectation(got: Result) -> str:
    return "✓ as expected" if got.as_expected else f"✗ expected {got.sample['verdict']}"


def painted(verdict: str, colour: bool) -> str:
    code = COLOURS.get(verdict)
    return f"\033[{code};1m{verdict}\033[0m" if colour and code else verdict


def row(label: str, text: str) -> str:
    """A label and its text; a long text goes on below itself."""
    width = max(shutil.get_terminal_size((100, 24)).columns - LABEL - 6, 40)
    # Columns of figures are laid out already.
    folded = [text] if text.startswith(" ") else textwrap.wrap(text, width) or [""]
    return "\n".join(f"     {label if first else '':<{LABEL}}{part}" for first, part in zip([True] + [False] * len(folded), folded))
