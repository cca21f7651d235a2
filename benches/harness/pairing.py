"""Two sides of a comparison by turns, so that a machine that slows down slows both."""

import statistics
import time
from collections.abc import Callable

WARM_UPS = 3


def alternate(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side's figures, a figure a round."""
    figures = [[side() for side in sides] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*figures)]


def median_ms(step: Callable[[], object], runs: int) -> float:
    """The median time of a step in milliseconds, after a few that do not count."""
    for _ in range(WARM_UPS):
        step()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def ratio_row(line: int, what: str, likeness: float, reference: float, name: str, at_most: float, **more: object) -> dict:
    """A row of the table in milliseconds, met when likeness takes at most so many times as long."""
    return {
        "line": line,
        "what": what,
        "unit": "ms",
        "likeness": round(likeness, 3),
        "reference": round(reference, 3),
        "reference_name": name,
        "ratio": round(likeness / reference, 3),
        "goal": f"≤ {at_most}",
        "met": likeness / reference <= at_most,
        **more,
    }
