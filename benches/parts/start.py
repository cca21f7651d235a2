"""From the start of the service until it is ready, and what its first request takes beside the later ones."""

import statistics
import time

import clip
from harness import form
from harness.bench import Bench
from harness.service import Service

LINES = [8]
READY_GOAL_MS, FIRST_GOAL = 1000, 1.2


def measure(bench: Bench) -> dict:
    document, video = bench.root / "samples/genuine/document.jpg", clip.make(bench.scratch / "clip.mp4")
    rows = []
    for pack in form.present(bench, ["retail-0095", "dlib"]):
        rows += of_pack(bench, pack, document, video)
    return {"rows": rows}


def of_pack(bench: Bench, pack: str, document, video) -> list[dict]:
    starts, first, steady = [], [], []
    for _ in range(3 if bench.quick else 7):
        started = time.perf_counter()
        # The first start also makes the tables; the median is of starts on what is there.
        with Service(bench, bench.scratch / pack, LIKENESS_EMBEDDER=pack) as service:
            starts.append((time.perf_counter() - started) * 1000)
            ask = form.asker(service, document, video)
            first.append(ask())
            steady.append(statistics.median(ask() for _ in range(3 if bench.quick else 5)))
    ready = statistics.median(starts)
    ratio = statistics.median(one / other for one, other in zip(first, steady))
    return [
        {
            "line": 8, "what": f"{pack}: start to ready", "unit": "ms", "likeness": round(ready, 1), "reference": READY_GOAL_MS, "reference_name": "goal",
            "ratio": round(ready / READY_GOAL_MS, 3), "goal": f"≤ {READY_GOAL_MS} ms", "met": ready <= READY_GOAL_MS, "n": len(starts),
            "first_start_ms": round(starts[0], 1),
        },
        {
            "line": 8, "what": f"{pack}: first request", "unit": "ms", "likeness": round(statistics.median(first), 1),
            "reference": round(statistics.median(steady), 1), "reference_name": "later requests", "ratio": round(ratio, 3), "goal": f"≤ {FIRST_GOAL}",
            "met": ratio <= FIRST_GOAL, "n": len(first),
        },
    ]
