#!/usr/bin/env python3
"""Makes the clip of the benchmarks out of a sample: 12 s of 720×1280 H.264 as a phone keeps it, 352 pictures, 2 of them key frames.

    python3 benches/clip.py CLIP.mp4

The sample's 72 pictures are cut to the shape of a standing phone, played forth and back so that nothing jumps, and strewn
with a little noise, the same on every run, as a sensor makes it: without noise a still that is panned costs too few bits.
Needs `ffmpeg` and `ffprobe` with libx264. The bytes depend on their version, the pictures hardly.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "samples/hevc/video.mov"
PICTURES, SECONDS, KEYS = 352, 12, 2
FORTH_AND_BACK = 144
SHAPE = (
    "crop=540:960,scale=720:1280:flags=lanczos,split[forth][turned];[turned]reverse[back];[forth][back]concat,"
    f"loop=loop=2:size={FORTH_AND_BACK},noise=alls=4:allf=t:all_seed=7,setpts=N*{SECONDS}/{PICTURES}/TB"
)
# Key frames by count alone, two thirds of the clip apart; B-frames as the preset has them.
CODEC = "-c:v libx264 -preset medium -crf 23 -bf 3 -g 250 -keyint_min 250 -sc_threshold 0 -pix_fmt yuv420p -movflags +faststart"


def make(path: Path) -> Path:
    """Writes the clip, and refuses one that came out otherwise than it should."""
    rate = ["-r", f"{PICTURES}/{SECONDS}", "-frames:v", str(PICTURES)]
    command = ["ffmpeg", "-v", "error", "-y", "-i", SAMPLE, "-filter_complex", SHAPE, *rate, "-an", *CODEC.split(), path]
    subprocess.run(command, check=True)
    flags = asked(path, "packet=flags")
    found = (len(flags), sum(flag.startswith("K") for flag in flags), asked(path, "stream=width,height"))
    if found != (PICTURES, KEYS, ["720,1280"]):
        raise RuntimeError(f"the clip is not what was asked for: {found}")
    return path


def frame(clip: Path, path: Path) -> Path:
    """One picture out of the middle of the clip."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-ss", str(SECONDS / 2), "-i", clip, "-frames:v", "1", path], check=True)
    return path


def asked(path: Path, entries: str) -> list[str]:
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "csv=p=0", path]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.strip(",") for line in text.split() if line.strip(",")]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
