"""What a longer clip costs `likeness match`: time and memory from 5 seconds to 10 minutes, as many frames looked at."""

import math
import statistics
import subprocess
import sys
from pathlib import Path

from harness.bench import Bench

LINES = [7]
SECONDS = [5, 30, 120, 600]
FRAMES = 8
# Every how many frames of 30 a second a picture can be decoded without those before it: x264's own choice, and a rare one.
KEY_FRAMES = {"key frames 8 s apart": 250, "key frames 30 s apart": 900}
# What the clip of 10 minutes may hold more than that of 5 seconds: what an allocator leaves lying about, and no frames.
FLAT = 1.1
# Past the service's own limits, which refuse such clips.
LIMITS = {"LIKENESS_MAX_VIDEO_SECONDS": "700", "LIKENESS_MAX_VIDEO_BYTES": "2000000000"}


def measure(bench: Bench) -> dict:
    measured = {kind: [cost(bench, seconds, clip) for seconds, clip in clips(bench, frames).items()] for kind, frames in KEY_FRAMES.items()}
    rows = [row for kind, found in measured.items() for row in (memory_row(kind, found), time_row(kind, found))]
    return {"rows": rows, "measured": measured, "plots": plots(measured)}


def memory_row(kind: str, found: list[dict]) -> dict:
    shortest, longest = found[0], found[-1]
    ratio = longest["mib"] / shortest["mib"]
    return {
        "line": 7, "what": f"memory at 10 min of video, {kind}", "unit": "MiB", "likeness": round(longest["mib"], 1),
        "reference": round(shortest["mib"], 1), "reference_name": "at 5 s", "ratio": round(ratio, 3),
        "goal": f"≤ {FLAT}", "met": ratio <= FLAT, "n": longest["n"],
    }


def time_row(kind: str, found: list[dict]) -> dict:
    """How time grows with length where it grows the most: 1 is linear, less is better. The start of the program is in it."""
    steps = zip(found, found[1:])
    steepest = max(math.log(b["seconds"] / a["seconds"]) / math.log(b["length"] / a["length"]) for a, b in steps)
    return {
        "line": 7, "what": f"growth of time from 5 s to 10 min (exponent), {kind}", "unit": "", "likeness": round(steepest, 3),
        "reference": 1, "reference_name": "linear", "ratio": round(steepest, 3), "goal": "≤ 1.0", "met": steepest <= 1, "n": found[-1]["n"],
    }


def cost(bench: Bench, seconds: int, clip: Path) -> dict:
    """The median time of the whole command, its start included, and the most memory that any run held."""
    document = bench.root / "samples/genuine/document.jpg"
    command = [bench.binary, "match", "--image", document, "--video", clip, "--frames", FRAMES]
    runs = 3 if bench.quick else 5
    done = [run(list(map(str, command)), bench.environment(**LIMITS)) for _ in range(runs)]
    return {
        "length": seconds,
        "seconds": round(statistics.median(taken for taken, _ in done), 3),
        "mib": max(held for _, held in done),
        "n": runs,
    }


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and MiB of one command. A Python of its own waits for it, because the system tells only of the largest of all children."""
    watch = (
        "import resource, subprocess, sys, time; started = time.perf_counter(); "
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE); taken = time.perf_counter() - started; "
        "sys.exit(done.stderr.decode()) if done.returncode not in (0, 10, 20) else "
        "print(taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", watch, *command], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"likeness match failed: {done.stderr.strip()[-500:]}")
    taken, held = map(float, done.stdout.split())
    return taken, held


def clips(bench: Bench, key_frames: int) -> dict[int, Path]:
    """Clips of 720×1280 out of a sample's, which is played again and again: the longer ones are the same 30 seconds in a row."""
    half_a_minute = bench.scratch / f"{key_frames}-source.mp4"
    source = bench.root / "samples/genuine/video.mp4"
    shape = "scale=-2:1280,crop=720:1280,fps=30"
    encoded = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-bf", "2", "-pix_fmt", "yuv420p"]
    encoded += ["-g", str(key_frames), "-keyint_min", str(key_frames), "-sc_threshold", "0"]
    ffmpeg("-stream_loop", "-1", "-i", source, "-t", "30", "-vf", shape, *encoded, half_a_minute)
    made = {}
    for seconds in SECONDS:
        made[seconds] = bench.scratch / f"{key_frames}-{seconds}.mp4"
        ffmpeg("-stream_loop", str(max(seconds // 30, 1) - 1), "-i", half_a_minute, "-t", str(seconds), "-c", "copy", made[seconds])
    return made


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def plots(measured: dict[str, list[dict]]) -> list[dict]:
    length = {"label": "length of the clip in seconds", "log": True, "ticks": SECONDS}

    def series(figure: str) -> list[dict]:
        return [{"name": kind, "points": [[one["length"], round(one[figure], 3)] for one in found]} for kind, found in measured.items()]

    return [
        {
            "name": "time-over-clip-length", "title": f"One examination by likeness match, {FRAMES} frames looked at",
            "x": length, "y": {"label": "time in seconds"}, "series": series("seconds"),
        },
        {
            "name": "memory-over-clip-length", "title": f"The most memory of one examination, {FRAMES} frames looked at",
            "x": length, "y": {"label": "memory in MiB"}, "series": series("mib"),
        },
    ]
