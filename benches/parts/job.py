"""The whole job, a document and a clip of 12 s: against the sum of its parts, an OpenCV + dlib script, and the same over HTTP."""

import json
import os
import statistics
import subprocess
import sys
import time

import clip
from harness import form
from harness.bench import Bench
from harness.pairing import alternate, ratio_row
from harness.service import Service

LINES = [4]
FRAMES = 8
# Chips that a pack's network sees of each face: its views of it (`src/vision/embedder.rs`) and their mirror images.
CHIPS = {"retail-0095": 2, "dlib": 10}
PARTS_GOAL, SCRIPT_GOAL, HTTP_GOAL_MS = 1.25, 1 / 8, 20


class Job:
    """The evidence, and the times of everything that is done with it."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.document = bench.root / "samples/genuine/document.jpg"
        self.video = clip.make(bench.scratch / "clip.mp4")
        self.frame = clip.frame(self.video, bench.scratch / "frame.png")
        self.runs = 3 if bench.quick else 7
        self.rounds = 2 if bench.quick else 5

    def ms(self, step: str, threads: int, pack: str, *more: object) -> float:
        arguments = ["bench", step, "--threads", threads, "--runs", self.runs, *more]
        return self.bench.likeness(*arguments, LIKENESS_EMBEDDER=pack)["median_ms"]

    def whole(self, threads: int, pack: str) -> float:
        return self.ms("match", threads, pack, "--image", self.document, "--video", self.video)

    def parts(self, threads: int, pack: str) -> dict[str, float]:
        """What the job cannot do without, each by itself with as many threads."""
        return {
            "decode_without_b": self.ms("decode", threads, pack, "--video", self.video, "--pictures", "references"),
            "detect": self.ms("detect", threads, pack, "--image", self.frame),
            "embed": self.ms("embed", threads, pack, "--batch", CHIPS[pack]),
            "document": self.ms("look", threads, pack, "--image", self.document),
        }

    def command(self, pack: str) -> float:
        """The command as a person starts it, its start and the loading of the weights included."""
        command = [self.bench.binary, "match", "--image", self.document, "--video", self.video]
        times = []
        for _ in range(self.runs):
            started = time.perf_counter()
            done = subprocess.run(command, cwd=self.bench.root, env=self.bench.environment(LIKENESS_EMBEDDER=pack), capture_output=True)
            times.append((time.perf_counter() - started) * 1000)
            if done.returncode not in (0, 10, 20):
                raise RuntimeError(done.stderr.decode()[-300:])
        return statistics.median(times)


def measure(bench: Bench) -> dict:
    job = Job(bench)
    packs = form.present(bench, CHIPS)
    threads = sorted({1, bench.threads})
    rows = [against_parts(job, count, pack) for pack in packs for count in threads]
    decoding = {
        count: {which: job.ms("decode", count, packs[0], "--video", job.video, "--pictures", which) for which in ("every", "references", "keys", "sampled")}
        for count in threads
    }
    rows += over_http(job, packs[0])
    return {"rows": rows + against_script(job, packs), "decoding_ms": decoding}


def against_parts(job: Job, threads: int, pack: str) -> dict:
    found = []

    def parts() -> float:
        found.append(job.parts(threads, pack))
        last = found[-1]
        return last["decode_without_b"] + FRAMES * (last["detect"] + last["embed"]) + last["document"]

    whole, together = alternate(job.rounds, lambda: job.whole(threads, pack), parts)
    each = {name: round(statistics.median(one[name] for one in found), 2) for name in found[0]}
    what = f"{pack}, {threads} thread{'s' * (threads > 1)} for the networks, warm"
    return ratio_row(4, what, whole, together, "its parts, one after the other", PARTS_GOAL, threads=threads, n=job.rounds * job.runs, parts=each)


def against_script(job: Job, packs: list[str]) -> list[dict]:
    job.bench.need("numpy", "opencv-python-headless", "dlib-bin", "face_recognition_models")
    script = job.bench.root / "benches/reference_job.py"
    runs = 1 if job.bench.quick else 2
    command = [sys.executable, script, job.document, job.video, "--runs", str(runs), "--enlarge"]
    path = os.pathsep.join(entry for entry in sys.path if entry)

    def reference(enlarge: int) -> float:
        done = subprocess.run([*command, str(enlarge)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
        if done.returncode != 0:
            raise RuntimeError(f"the script failed: {done.stderr[-300:]}")
        return json.loads(done.stdout)["median_ms"]

    sides = [lambda pack=pack: job.whole(job.bench.threads, pack) for pack in packs]
    *ours, enlarged, plain = alternate(job.rounds, *sides, lambda: reference(1), lambda: reference(0))
    name = f"OpenCV {job.bench.versions['opencv-python-headless']} + dlib {job.bench.versions['dlib-bin']}"
    return [
        ratio_row(4, f"{pack}, warm", own, theirs, f"{name}, {how}", SCRIPT_GOAL, n=job.rounds)
        for how, theirs in [("faces from 40 px", enlarged), ("faces from 80 px", plain)]
        for pack, own in zip(packs, ours)
    ]


def over_http(job: Job, pack: str) -> list[dict]:
    """The time to the first byte of the answer on a running service, against the job without it."""
    with Service(job.bench, job.bench.scratch / "http", LIKENESS_EMBEDDER=pack) as service:
        ask = form.asker(service, job.document, job.video)
        ask()

        def first_byte() -> float:
            return statistics.median(ask() for _ in range(job.runs))

        http, warm, command = alternate(job.rounds, first_byte, lambda: job.whole(job.bench.threads, pack), lambda: job.command(pack))
    return [difference("the command, its start included", http, command, job), difference("the job alone, warm", http, warm, job)]


def difference(name: str, http: float, other: float, job: Job) -> dict:
    return {
        "line": 4, "what": "first byte over HTTP", "unit": "ms", "likeness": round(http, 1), "reference": round(other, 1), "reference_name": name,
        "ratio": round(http / other, 3), "goal": f"≤ {HTTP_GOAL_MS} ms more", "met": http - other <= HTTP_GOAL_MS, "more_ms": round(http - other, 1),
        "n": job.rounds * job.runs,
    }
