"""Finding the faces of a frame of 720×1280: `likeness bench detect`, and facenet-pytorch's MTCNN where it is installed."""

from typing import Any

LINES = [3]
GOAL_MS = 15.0
# The least side of a face that the detector is untuned with, and what facenet-pytorch looks for by default.
SMALLEST = 20
FRAME = "benches/frame.jpg"


def measure(bench) -> dict:
    runs = 20 if bench.quick else 60
    image = str(bench.root / FRAME)
    rows = []
    for threads in sorted({1, bench.threads}):
        found = bench.likeness("bench", "detect", "--image", image, "--threads", threads, "--runs", runs)
        rows.append(row(found, threads, reference(bench, image, runs) if threads == 1 else None))
    return {"rows": rows}


def row(found: dict, threads: int, reference: tuple[str, float] | None) -> dict:
    name, theirs = reference or ("", None)
    # One thread is what the goal speaks of.
    judged = {"goal": f"≤ {GOAL_MS:.0f} ms", "met": found["median_ms"] <= GOAL_MS} if threads == 1 else {"goal": "", "met": None}
    return {
        "line": 3,
        "what": f"720×1280 frame, {threads} thread{'s' * (threads > 1)}",
        "unit": "ms",
        "likeness": round(found["median_ms"], 2),
        "reference": None if theirs is None else round(theirs, 2),
        "reference_name": name,
        "ratio": None if theirs is None else round(found["median_ms"] / theirs, 3),
        "n": found["runs"],
        **judged,
    }


def reference(bench, image: str, runs: int) -> tuple[str, float] | None:
    """facenet-pytorch on one thread, from 20 pixels on: it is not bounded. It needs PyTorch and torchvision, which are
    too large to be installed for one figure: where they are not, the column stays empty."""
    try:
        import numpy
        import torch
        import torchvision  # noqa: F401
        from PIL import Image
    except ImportError:
        return None
    bench.need("facenet-pytorch", dependencies=False)
    from facenet_pytorch import MTCNN, __version__
    from harness.pairing import median_ms

    torch.set_num_threads(1)
    detector: Any = MTCNN(min_face_size=SMALLEST, keep_all=True, device="cpu")
    frame = numpy.asarray(Image.open(image).convert("RGB"))
    return f"facenet-pytorch {__version__}, unbounded", median_ms(lambda: detector.detect(frame), max(5, runs // 4))
