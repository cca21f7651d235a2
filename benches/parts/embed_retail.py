"""retail-0095 in `likeness bench embed` and in OpenVINO: same weights, same picture, side by side."""

from harness import retail_openvino, weights
from harness.bench import Bench
from harness.pairing import alternate, median_ms, ratio_row

LINES = [2]
PACK = "retail-0095"


def measure(bench: Bench) -> dict:
    bench.need("numpy", "openvino")
    file, chip = bench.pack(PACK), weights.chip(bench.root, PACK)[None]
    rounds, runs = (3, 50) if bench.quick else (7, 100)
    return {"rows": [compare(bench, file, chip, threads, rounds, runs) for threads in (1, 2)]}


def compare(bench: Bench, file, chip, threads: int, rounds: int, runs: int) -> dict:
    forward, reduced = (retail_openvino.runner(file, threads, precision) for precision in ("f32", "bf16"))
    answers = []

    def ours() -> float:
        answers.append(bench.likeness("bench", "embed", "--threads", threads, "--runs", runs, LIKENESS_EMBEDDER=PACK))
        return answers[-1]["median_ms"]

    sides = (ours, lambda: median_ms(lambda: forward(chip), runs), lambda: median_ms(lambda: reduced(chip), runs))
    likeness, exact, rounded = alternate(rounds, *sides)
    return ratio_row(
        2, f"{PACK}, f32, {threads} thread{'s' * (threads > 1)}, 1 face", likeness, exact, f"OpenVINO {bench.versions['openvino']} f32", 1.0,
        threads=threads, n=rounds * runs, cosine=weights.cosine(answers[-1]["vector"], forward(chip)),
        openvino_bf16_ms=round(rounded, 3), ratio_to_openvino_bf16=round(likeness / rounded, 3),
    )
