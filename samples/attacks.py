#!/usr/bin/env python3
"""Makes presentation attacks out of clips of live people, for measuring what the liveness signals tell apart.

    pip install numpy==2.4.6 opencv-python-headless==5.0.0.93
    python samples/attacks.py CLIP.mp4 … --into DIR          # every species of every clip
    python samples/attacks.py CLIP.mp4 --species print_bent --into DIR

and `ffmpeg` on the path. Where a species needs to know where the face is, the built program tells it (`--likeness`).
DIR gets the clips and `clips.csv` (path,species), which `likeness eval-liveness` reads. What is made from pictures of
people stays with whoever has the right to them: nothing of it is committed here.

A synthetic attack is milder than a real one in some ways and harsher in others: it proves that a signal answers to what
it was built for, and nothing about an attacker with a better screen.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
# Clips are attacked at this size at most, and for so long: enough to look at, and soon done.
SHORTER_SIDE, SECONDS = 480, 8.0
STORED = ("-c:v", "libx264", "-preset", "medium", "-crf", "24", "-pix_fmt", "yuv420p")


@dataclass
class Footage:
    """A clip of a live person, its faces in every frame, and a second person's clip for those who swap."""

    frames: list[np.ndarray]
    rate: float
    boxes: list[tuple[float, float, float, float]]
    other: "Footage | None" = None

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.frames[0].shape[:2]
        return width, height


def screen_replay(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """Filmed from a screen: its stripes of red, green and blue beat with the camera's pixels; bezel, glow, banding."""
    width, height = footage.size
    pitch = 3.0
    shown = (round(width * 1.35), round(height * 1.35))
    columns = np.arange(shown[0])
    stripes = np.stack([0.45 + 0.55 * (np.abs(((columns + shift) % pitch) - 1.0) < 0.75) for shift in (0, 1, 2)], axis=1)
    rows = 0.72 + 0.28 * (np.arange(shown[1]) % pitch > 0.9)
    grid = stripes[None, :, :] * rows[:, None, None]
    sway = hand(chance, footage.rate, tilt=1.2, pan=0.006, zoom=0.008, lean=0.02)
    room = background(footage, chance) * 0.4
    for index, frame in enumerate(footage.frames):
        glow = 255 * (cv2.resize(frame, shown, interpolation=cv2.INTER_LINEAR) / 255.0) ** 0.85
        lit = np.clip(glow * grid * 1.5, 0, 255)
        board = bezel(lit, 0.05)
        view = held(board, (width, height), sway(index), cover=0.97, behind=room)
        band = 1 + 0.06 * np.sin(2 * np.pi * (np.arange(height) / height * 2.3 + index * 0.37))
        yield clipped(view * band[:, None, None] + chance.normal(0, 2.0, view.shape))


def print_flat(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """A printed frame held before the camera."""
    width, height = footage.size
    paper = printed(sharpest(footage.frames), chance)
    sway = hand(chance, footage.rate, tilt=4, pan=0.03, zoom=0.05, lean=0.25)
    desk = background(footage, chance)
    for index in range(len(footage.frames)):
        yield clipped(held(paper, (width, height), sway(index), cover=0.9, behind=desk) + chance.normal(0, 2.0, (height, width, 3)))


def print_bent(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """The same, bent about its upright middle, more and less."""
    width, height = footage.size
    paper = printed(sharpest(footage.frames), chance)
    sway = hand(chance, footage.rate, tilt=4, pan=0.03, zoom=0.05, lean=0.2)
    desk = background(footage, chance)
    across = np.linspace(-1, 1, paper.shape[1], dtype=np.float32)
    down = np.arange(paper.shape[0], dtype=np.float32)
    for index in range(len(footage.frames)):
        bend = 0.9 + 0.35 * np.sin(index / footage.rate * 1.7)
        # On a cylinder what is seen at `across` was printed at its arc.
        source = np.arcsin(np.clip(across * np.sin(bend), -1, 1)) / bend
        map_x = np.broadcast_to((source + 1) / 2 * (paper.shape[1] - 1), paper.shape[:2]).astype(np.float32)
        map_y = np.broadcast_to(down[:, None], paper.shape[:2]).astype(np.float32)
        curved = cv2.remap(paper, map_x, map_y, cv2.INTER_LINEAR)
        shade = np.cos(across * bend * 0.8)[None, :, None]
        yield clipped(held(curved * shade, (width, height), sway(index), cover=0.9, behind=desk) + chance.normal(0, 2.0, (height, width, 3)))


def cut_out(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """A face cut out of a print, with the eyes cut through, before somebody who blinks behind it."""
    width, height = footage.size
    chosen = int(np.argmax([sharpness(frame) for frame in footage.frames]))
    paper = printed(footage.frames[chosen], chance)
    left, top, across, down = footage.boxes[chosen]
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(mask, (int(left + across / 2), int(top + down / 2)), (int(across * 0.62), int(down * 0.68)), 0, 0, 360, 1.0, -1)
    for side in (0.31, 0.69):
        cv2.ellipse(mask, (int(left + across * side), int(top + down * 0.39)), (int(across * 0.13), int(down * 0.055)), 0, 0, 360, 0.0, -1)
    sway = hand(chance, footage.rate, tilt=3, pan=0.01, zoom=0.02, lean=0.12)
    for index, frame in enumerate(footage.frames):
        moved = held(np.dstack([paper, mask * 255]), (width, height), sway(index), cover=1.0)
        share = moved[:, :, 3:] / 255
        shift = np.array(footage.boxes[index][:2]) - np.array([left, top])
        behind = cv2.warpAffine(frame, np.float32([[1, 0, -shift[0]], [0, 1, -shift[1]]]), (width, height), borderMode=cv2.BORDER_REFLECT)
        yield clipped(moved[:, :, :3] * share + behind * (1 - share) + chance.normal(0, 1.0, (height, width, 3)))


def still_looped(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """One frame over and over, with nothing but a sensor's noise upon it, as virtual cameras show a photograph."""
    frame = sharpest(footage.frames)
    for _ in footage.frames:
        yield clipped(frame + chance.normal(0, 1.5, frame.shape))


def still_moved(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """One frame panned, zoomed and tilted."""
    width, height = footage.size
    frame = sharpest(footage.frames)
    sway = hand(chance, footage.rate, tilt=5, pan=0.035, zoom=0.07, lean=0.1)
    for index in range(len(footage.frames)):
        yield clipped(held(frame, (width, height), sway(index), cover=1.06) + chance.normal(0, 2.0, frame.shape))


def clip_looped(footage: Footage, _: np.random.Generator) -> Iterator[np.ndarray]:
    """A second and a half of the live clip again and again."""
    part = footage.frames[: max(round(1.5 * footage.rate), 2)]
    for index in range(len(footage.frames)):
        yield part[index % len(part)]


def frames_duplicated(footage: Footage, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """The live clip standing still now and then: frames injected a second time."""
    at, index = 0, 0
    while at < len(footage.frames):
        repeats = round(0.6 * footage.rate) if index % round(1.5 * footage.rate) == 0 and index else 1
        for _ in range(min(repeats, len(footage.frames) - at)):
            yield footage.frames[index % len(footage.frames)]
            at += 1
        index += 1


def spliced(footage: Footage, _: np.random.Generator) -> Iterator[np.ndarray]:
    """Another person from the middle on."""
    other = footage.other or footage
    size, half = footage.size, len(footage.frames) // 2
    yield from footage.frames[:half]
    for index in range(half):
        yield fitted(other.frames[index % len(other.frames)], size)


def face_swapped(footage: Footage, _: np.random.Generator) -> Iterator[np.ndarray]:
    """Another person's face laid over the live one from the middle on, softened at its edge."""
    other = footage.other or footage
    half = len(footage.frames) // 2
    yield from footage.frames[:half]
    for index in range(half, len(footage.frames)):
        frame, theirs = footage.frames[index].astype(np.float32), index % len(other.frames)
        left, top, across, down = footage.boxes[index]
        x, y, w, h = other.boxes[theirs]
        place = np.float32([[across / w, 0, left - x * across / w], [0, down / h, top - y * down / h]])
        laid = cv2.warpAffine(other.frames[theirs], place, footage.size, borderMode=cv2.BORDER_REFLECT).astype(np.float32)
        mask = np.zeros(frame.shape[:2], np.float32)
        cv2.ellipse(mask, (int(left + across / 2), int(top + down / 2)), (int(across * 0.45), int(down * 0.5)), 0, 0, 360, 1.0, -1)
        inside = mask > 0.5
        laid += frame[inside].mean(axis=0) - laid[inside].mean(axis=0)
        soft = cv2.GaussianBlur(mask, (0, 0), across * 0.06)[:, :, None]
        yield clipped(laid * soft + frame * (1 - soft))


SPECIES: dict[str, Callable[[Footage, np.random.Generator], Iterator[np.ndarray]]] = {
    made.__name__: made
    for made in (screen_replay, print_flat, print_bent, cut_out, still_looped, still_moved, clip_looped, frames_duplicated, spliced, face_swapped)
}
NEEDS_ANOTHER = {"spliced", "face_swapped"}


def printed(frame: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A frame as a printer gives it: fewer and duller colours, dots, the paper's grain."""
    duller = cv2.cvtColor(frame, cv2.COLOR_BGR2HSV).astype(np.float32)
    duller[:, :, 1] *= 0.75
    ink = cv2.cvtColor(clipped(duller), cv2.COLOR_HSV2BGR).astype(np.float32)
    ink = 28 + ink * (225 - 28) / 255 * np.array([0.94, 1.0, 1.03])
    height, width = frame.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    dots = 5 * np.sin(2 * np.pi * (x + y) / 3.6) * np.sin(2 * np.pi * (x - y) / 3.6)
    grain = cv2.resize(chance.normal(0, 4.0, (height // 2 + 1, width // 2 + 1)), (width, height))
    return ink + (dots + grain)[:, :, None]


def background(footage: Footage, chance: np.random.Generator) -> np.ndarray:
    """A desk or a wall: smooth, with a little grain."""
    width, height = footage.size
    base = cv2.resize(chance.uniform(90, 150, (4, 3, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    return base + chance.normal(0, 3.0, (height, width, 1))


def bezel(picture: np.ndarray, share: float) -> np.ndarray:
    edge = round(min(picture.shape[:2]) * share)
    return cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(12, 12, 12))


def hand(chance: np.random.Generator, rate: float, tilt: float, pan: float, zoom: float, lean: float) -> Callable[[int], dict[str, float]]:
    """The sway of a hand: slow waves of made-up phases."""
    phases, speeds = chance.uniform(0, 2 * np.pi, 6), chance.uniform(0.25, 0.6, 6)

    def at(index: int) -> dict[str, float]:
        wave = np.sin(phases + 2 * np.pi * speeds * index / rate)
        return {"tilt": tilt * wave[0], "x": pan * wave[1], "y": pan * wave[2], "zoom": 1 + zoom * wave[3],
                "lean_x": lean * wave[4], "lean_y": lean * wave[5]}

    return at


def held(board: np.ndarray, size: tuple[int, int], sway: dict[str, float], cover: float, behind: np.ndarray | None = None) -> np.ndarray:
    """A flat board before the camera, of which it fills `cover` of the view."""
    width, height = size
    scale = cover * sway["zoom"] * min(width / board.shape[1], height / board.shape[0])
    angle = np.deg2rad(sway["tilt"])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    middle = np.array([[1, 0, -board.shape[1] / 2], [0, 1, -board.shape[0] / 2], [0, 0, 1]])
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, 1, 0], [sway["lean_x"] / width, sway["lean_y"] / height, 1]])
    back = np.array([[1, 0, width * (0.5 + sway["x"])], [0, 1, height * (0.5 + sway["y"])], [0, 0, 1]])
    place = back @ lean @ turn @ middle
    soft = cv2.GaussianBlur(board, (0, 0), 0.35 / scale) if scale < 0.8 else board
    if behind is None:
        mode = cv2.BORDER_CONSTANT if board.ndim == 3 and board.shape[2] == 4 else cv2.BORDER_REFLECT
        return cv2.warpPerspective(soft, place, size, flags=cv2.INTER_LINEAR, borderMode=mode)
    view = cv2.warpPerspective(soft, place, size, flags=cv2.INTER_LINEAR)
    share = cv2.warpPerspective(np.ones(board.shape[:2], np.float32), place, size)[:, :, None]
    return view * share + behind * (1 - share)


def sharpness(frame: np.ndarray) -> float:
    return cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var()


def sharpest(frames: list[np.ndarray]) -> np.ndarray:
    return max(frames[:: max(len(frames) // 24, 1)], key=sharpness)


def fitted(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The frame filling that size, cut about its middle."""
    scale = max(size[0] / frame.shape[1], size[1] / frame.shape[0])
    grown = cv2.resize(frame, None, fx=scale, fy=scale)
    x, y = (grown.shape[1] - size[0]) // 2, (grown.shape[0] - size[1]) // 2
    return grown[y : y + size[1], x : x + size[0]]


def clipped(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture, 0, 255).astype(np.uint8)


def footage(path: Path, likeness: Path, scratch: Path) -> Footage:
    """Reads a clip, and where its faces are."""
    rate = probe(path)
    command = ["ffmpeg", "-loglevel", "error", "-t", str(SECONDS), "-i", str(path), "-vf",
               f"scale='if(gt(iw,ih),-2,min(iw,{SHORTER_SIDE}))':'if(gt(iw,ih),min(ih,{SHORTER_SIDE}),-2)'", str(scratch / "%05d.png")]
    scratch.mkdir()
    subprocess.run(command, check=True)
    files = sorted(scratch.glob("*.png"))
    frames = [cv2.imread(str(file)) for file in files]
    return Footage(frames, rate, boxes(path, likeness, files[len(files) // 3], frames, rate))


def probe(path: Path) -> float:
    asked = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=avg_frame_rate", "-of", "csv=p=0", str(path)]
    above, below = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip().strip(",").split("/")
    return float(above) / float(below)


def boxes(path: Path, likeness: Path, picture: Path, frames: list[np.ndarray], rate: float) -> list[tuple[float, float, float, float]]:
    """The subject's face in every frame, by the timeline of an examination."""
    told = subprocess.run([likeness, "match", "--image", picture, "--video", path, "--frames", "32"], cwd=ROOT, capture_output=True, text=True)
    seen = json.loads(told.stdout)["examination"]
    shrunk = frames[0].shape[1] / seen["video"]["width"]
    rows = [(row["time_ms"], row["face"]["face_box"]) for row in seen["frames"] if row["face"]]
    times = [time / 1000 for time, _ in rows]
    sides = [[box[side] * shrunk for _, box in rows] for side in ("left", "top", "width", "height")]
    return [tuple(float(np.interp(index / rate, times, side)) for side in sides) for index in range(len(frames))]


def write(frames: Iterator[np.ndarray], size: tuple[int, int], rate: float, path: Path) -> None:
    width, height = size[0] // 2 * 2, size[1] // 2 * 2
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", f"{rate:.4f}",
               "-i", "-", *STORED, "-movflags", "+faststart", str(path)]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
    for frame in frames:
        encoder.stdin.write(np.ascontiguousarray(frame[:height, :width]).tobytes())
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit(f"ffmpeg could not write {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path, help="clips of live people; of two that follow each other the second swaps with the first")
    parser.add_argument("--into", type=Path, required=True, help="the folder for what is made")
    parser.add_argument("--species", nargs="+", choices=list(SPECIES), default=list(SPECIES))
    parser.add_argument("--likeness", type=Path, default=ROOT / "target/release/likeness", help="the built program")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, (options.into / "clips.csv").open("w", newline="") as listing:
        rows = csv.writer(listing)
        rows.writerow(["path", "species"])
        for number, path in enumerate(options.clips):
            live = footage(path, options.likeness, Path(scratch) / str(number))
            others = [other for other in options.clips if other != path]
            if others and NEEDS_ANOTHER & set(options.species):
                other = options.clips[(number + 1) % len(options.clips)]
                live.other = footage(other, options.likeness, Path(scratch) / f"{number}-other")
            for species in options.species:
                if species in NEEDS_ANOTHER and live.other is None:
                    continue
                made = options.into / f"{path.stem}.{species}.mp4"
                chance = np.random.default_rng(abs(hash_of(species + path.stem)))
                write(SPECIES[species](live, chance), live.size, live.rate, made)
                rows.writerow([made.name, species])
                print(made.name, flush=True)


def hash_of(text: str) -> int:
    """The same number for the same text in every run."""
    return sum((index + 1) * ord(letter) for index, letter in enumerate(text))


if __name__ == "__main__":
    main()
