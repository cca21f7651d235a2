"""dlib's network in `likeness bench embed` and in ONNX Runtime: same weights, same picture, side by side."""

from harness import dlib_onnx, weights
from harness.bench import Bench
from harness.pairing import alternate, median_ms, ratio_row

LINES = [1]
# (threads, faces that go through together)
SETUPS = [(1, 1), (2, 1), (1, 8), (2, 8)]
PACK = "dlib"


def measure(bench: Bench) -> dict:
    bench.need("numpy", "onnx", "onnxruntime")
    file, chip = bench.pack(PACK), weights.chip(bench.root, PACK)
    rounds, runs = (3, 20) if bench.quick else (7, 40)
    return {"rows": [compare(bench, file, chip, setup, rounds, runs) for setup in SETUPS]}


def compare(bench: Bench, file, chip, setup: tuple[int, int], rounds: int, runs: int) -> dict:
    import numpy

    threads, batch = setup
    forward = dlib_onnx.runner(file, threads)
    chips = numpy.repeat(chip[None], batch, axis=0)
    answers = []

    def ours() -> float:
        arguments = ["--batch", batch, "--threads", threads, "--runs", runs]
        answers.append(bench.likeness("bench", "embed", *arguments, LIKENESS_EMBEDDER=PACK))
        return answers[-1]["median_ms"]

    likeness, reference = alternate(rounds, ours, lambda: median_ms(lambda: forward(chips), runs))
    what = f"{PACK}, {threads} thread{'s' * (threads > 1)}, {batch} face{'s' * (batch > 1)}"
    name = f"ONNX Runtime {bench.versions['onnxruntime']}"
    return ratio_row(
        1, what, likeness, reference, name, 1.0,
        threads=threads, batch=batch, n=rounds * runs, cosine=weights.cosine(answers[-1]["vector"], forward(chips)[0]),
    )
