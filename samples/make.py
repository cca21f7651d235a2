#!/usr/bin/env python3
"""Makes every sample in this folder from portraits in the public domain (see README.md).

For developers; the samples themselves are committed. In a virtual environment of Python 3.11 or later:

    pip install numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93
    python samples/make.py            # fetches face_recognition 1.3.0 and scikit-image 0.26.0 with pip
    python samples/make.py poor       # this sample only

and `ffmpeg` with libx264, libx265 and libvpx on the path. `--archives DIR` takes the two archives from a folder.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from making import card, clip, sources

HERE = Path(__file__).resolve().parent

# The poor capture, to be tuned: a dim room, a lens out of focus. It has to be dark or blurred enough for the rules'
# refer range (brightness under 50, sharpness under 40) while the person can still be told.
POOR = clip.Capture(gain=0.32, blur=1.9, sharpen=0.0, noise=2.0)

ALPHA = card.Card("obama-2012", (283, 0, 420), "ALPHA", "X00000001")
CHARLIE = card.Card("collins", (124, 0, 204), "CHARLIE", "X00000003")

STANDING = {"portrait": "obama-2010", "centre": (774, 560), "view": 900}
STORED = clip.H264


@dataclass(frozen=True)
class Sample:
    """One submission and the verdict it has to get; a sample without a card or a clip of its own borrows one."""

    name: str
    title: str
    verdict: str
    document: card.Card | str
    video: clip.Clip | str
    orientation: str = "upright"

    @property
    def document_file(self) -> str:
        return f"{self.document}/document.jpg" if isinstance(self.document, str) else f"{self.name}/document.jpg"

    @property
    def video_file(self) -> str:
        if isinstance(self.video, str):
            return next(other.video_file for other in SAMPLES if other.name == self.video)
        endings = {clip.HEVC: "mov", clip.VP9: "webm"}
        return f"{self.name}/video.{endings.get(self.video.encoder, 'mp4')}"


SAMPLES = [
    Sample("genuine", "The same person on the card and in the video", "pass",
           ALPHA, clip.Clip(**STANDING, size=(480, 640), encoder=STORED, seed=11)),
    Sample("poor", "The same person, filmed in the dark and out of focus", "refer",
           "genuine", clip.Clip(**STANDING, size=(480, 640), encoder=STORED, capture=POOR, seed=12)),
    Sample("impostor", "Another person, in the same room and much the same suit", "fail",
           "genuine", clip.Clip("biden-2010", (570, 540), 800, (480, 640), STORED, seed=13)),
    Sample("another-card", "Another person's card with the first person's video", "fail", CHARLIE, "genuine"),
    Sample("sideways-document", "The card photographed sideways, nothing says so", "pass",
           ALPHA, "genuine", orientation="sideways"),
    Sample("exif-document", "The card photographed sideways, EXIF says so", "pass",
           ALPHA, "genuine", orientation="exif"),
    Sample("rotated-phone", "A phone's clip: stored lying, to be turned on display", "pass",
           "genuine", clip.Clip(**STANDING, size=(720, 960), encoder=STORED, seed=14, turned=True, seconds=3.0)),
    Sample("hevc", "An H.265 clip in a mov file", "pass",
           "genuine", clip.Clip(**STANDING, size=(720, 960), encoder=clip.HEVC, seed=15, seconds=3.0)),
    Sample("webm", "A VP9 clip in a webm file", "pass",
           "genuine", clip.Clip(**STANDING, size=(480, 640), encoder=clip.VP9, seed=16)),
]


def main() -> None:
    """Makes the samples that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="samples to make; all without a name")
    parser.add_argument("--archives", type=Path, help="folder with the two packages' archives")
    wanted = parser.parse_args()
    portraits = sources.portraits(wanted.archives)
    for number, sample in enumerate(SAMPLES):
        if not wanted.names or sample.name in wanted.names:
            print(f"making {sample.name}", file=sys.stderr)
            make(sample, portraits, number)
    rows = [{"name": s.name, "title": s.title, "document": s.document_file, "video": s.video_file, "verdict": s.verdict}
            for s in SAMPLES]
    write_json(HERE / "index.json", rows)


def make(sample: Sample, portraits: dict[str, np.ndarray], number: int) -> None:
    """Writes one sample's folder: what it does not borrow, and the expected answer."""
    folder = HERE / sample.name
    folder.mkdir(exist_ok=True)
    if isinstance(sample.document, card.Card):
        save_document(sample, card.photographed(sample.document, portraits, seed=100 + number))
    if isinstance(sample.video, clip.Clip):
        clip.write(sample.video, portraits, HERE / sample.video_file)
    write_json(folder / "expected.json", {
        "verdict": sample.verdict,
        "title": sample.title,
        "document": sample.document_file,
        "video": sample.video_file,
    })


def save_document(sample: Sample, pixels: np.ndarray) -> None:
    """Writes the photograph of the card, upright or turned; orientation 6 means: turn me clockwise to look at me."""
    exif = Image.Exif()
    if sample.orientation != "upright":
        pixels = np.rot90(pixels)
    if sample.orientation == "exif":
        exif[0x0112] = 6
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    extra = {"exif": exif} if len(exif) else {}
    picture.save(HERE / sample.document_file, quality=card.JPEG_QUALITY, optimize=True, **extra)


def write_json(path: Path, value: object) -> None:
    """Indented, with a line's end, as people read it."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
