"""retail-0095 in `likeness bench embed` and in OpenVINO, in full and in reduced precision: same weights, same picture, side by side."""

from harness import retail_openvino, weights
from harness.bench import Bench
from harness.pairing import alternate, median_ms, ratio_row

LINES = [2]
PACK = "retail-0095"
# Times as long as OpenVINO, by precision.
GOALS = {"f32": 1.0, "bf16": 1.2}
LEAST_COSINE = 0.999


class Side:
    """`likeness bench embed` in one precision, and what it answered last."""

    def __init__(self, bench: Bench, precision: str, threads: int, runs: int):
        self.bench, self.precision, self.threads, self.runs = bench, precision, threads, runs
        self.vector: list[float] = []

    def __call__(self) -> float:
        arguments = ["bench", "embed", "--threads", self.threads, "--runs", self.runs]
        answer = self.bench.likeness(*arguments, LIKENESS_EMBEDDER=PACK, LIKENESS_PRECISION=self.precision)
        self.vector = answer["vector"]
        return answer["median_ms"]


def measure(bench: Bench) -> dict:
    bench.need("numpy", "openvino")
    file, chip = bench.pack(PACK), weights.chip(bench.root, PACK)[None]
    return {"rows": [row for threads in (1, 2) for row in compare(bench, file, chip, threads)]}


def compare(bench: Bench, file, chip, threads: int) -> list[dict]:
    rounds, runs = (3, 50) if bench.quick else (7, 100)
    exact = Side(bench, "f32", threads, runs)
    exact()
    rows = []
    for precision, goal in GOALS.items():
        ours = Side(bench, precision, threads, runs)
        what = f"{PACK}, {precision}, {threads} thread{'s' * (threads > 1)}, 1 face"
        if why := missing(ours, exact):
            rows.append({"line": 2, "what": f"{what}: {why}", "unit": "ms", "likeness": None, "reference": None, "ratio": None, "goal": f"≤ {goal}", "met": False})
            continue
        forward = retail_openvino.runner(file, threads, precision)
        likeness, reference = alternate(rounds, ours, lambda: median_ms(lambda: forward(chip), runs))
        cosine = weights.cosine(ours.vector, exact.vector)
        row = ratio_row(
            2, what, likeness, reference, f"OpenVINO {bench.versions['openvino']} {precision}", goal,
            threads=threads, n=rounds * runs, cosine_to_f32=cosine, cosine_to_openvino=weights.cosine(ours.vector, forward(chip)),
        )
        rows.append(row | {"goal": f"≤ {goal}, cosine ≥ {LEAST_COSINE}", "met": row["met"] and cosine >= LEAST_COSINE})
    return rows


def missing(ours: Side, exact: Side) -> str | None:
    """Why a reduced precision cannot be measured: this machine or this version refuses it, or goes on as if it had not been asked."""
    if ours.precision == exact.precision:
        return None
    try:
        ours()
    except RuntimeError:
        return "refused here"
    return "not there" if ours.vector == exact.vector else None
