"""Sets a photograph in motion and encodes it: a moving still, as a phone held by hand would film it."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np


@dataclass(frozen=True)
class Capture:
    """How the picture arrives: the light, the focus, the sharpening that phones add, the sensor's noise."""

    gain: float = 1.0
    blur: float = 0.0
    sharpen: float = 0.6
    noise: float = 3.0


@dataclass(frozen=True)
class Clip:
    """One clip: which part of which portrait (centre and width of the view), how it moves and how it is stored."""

    portrait: str
    centre: tuple[float, float]
    view: float
    size: tuple[int, int]
    encoder: tuple[str, ...]
    seconds: float = 3.5
    rate: int = 24
    turned: bool = False
    capture: Capture = Capture()
    seed: int = 1


# The largest tilt (degrees), zoom (share), pan (share of the view), lean of the picture plane and change of light.
TILT, ZOOM, PAN, LEAN, LIGHT = 5.0, 0.07, 0.035, 0.07, 0.12

H264 = ("-c:v", "libx264", "-preset", "slow", "-crf", "24", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-preset", "slow", "-crf", "27", "-pix_fmt", "yuv420p", "-tag:v", "hvc1",
        "-x265-params", "log-level=error:pools=1:frame-threads=1")
VP9 = ("-c:v", "libvpx-vp9", "-crf", "34", "-b:v", "0", "-pix_fmt", "yuv420p")


def write(clip: Clip, portraits: dict[str, np.ndarray], path: Path) -> None:
    """Films one clip into `path`, the same bytes each time with the same encoder."""
    picture = cv2.cvtColor(portraits[clip.portrait], cv2.COLOR_RGB2BGR)
    width, height = clip.size
    # A phone held upright stores what its sensor sees, lying on its side, and says so in the container.
    stored = (height, width) if clip.turned else (width, height)
    command = [
        "ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{stored[0]}x{stored[1]}",
        "-r", str(clip.rate), "-i", "-", "-threads", "1", *clip.encoder, "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-map_metadata", "-1", *(("-movflags", "+faststart") if path.suffix != ".webm" else ()), str(path),
    ]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
    for frame in frames(clip, picture):
        encoder.stdin.write(np.ascontiguousarray(np.rot90(frame) if clip.turned else frame).tobytes())
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit(f"ffmpeg could not write {path}")
    if clip.turned:
        turn_on_display(path)


def frames(clip: Clip, picture: np.ndarray):
    """Every frame of the clip, upright."""
    chance = np.random.default_rng(clip.seed)
    phases = chance.uniform(0, 2 * np.pi, 8)
    speeds = chance.uniform(0.7, 1.5, 8) * chance.choice([-1, 1], 8)
    count = round(clip.seconds * clip.rate)
    for index in range(count):
        turn = 2 * np.pi * index / count
        sway = np.sin(phases + speeds * turn)
        yield developed(clip, seen(clip, picture, sway), sway, chance)


def seen(clip: Clip, picture: np.ndarray, sway: np.ndarray) -> np.ndarray:
    """What the camera sees of the photograph: panned, zoomed, tilted and leaning."""
    width, height = clip.size
    scale = width / clip.view * (1 + ZOOM * sway[0])
    angle = np.deg2rad(TILT * sway[1])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    centre_x = clip.centre[0] + PAN * clip.view * sway[2]
    centre_y = clip.centre[1] + PAN * clip.view * sway[3]
    place = np.array([
        [cos, -sin, width / 2 - cos * centre_x + sin * centre_y],
        [sin, cos, height / 2 - sin * centre_x - cos * centre_y],
        [0, 0, 1],
    ])
    back = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, 1, 0], [LEAN * sway[4] / width, LEAN * sway[5] / height, 1]])
    forth = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    # Enlarging must interpolate, shrinking must not alias.
    soft = cv2.GaussianBlur(picture, (0, 0), 0.45 / scale) if scale < 0.8 else picture
    return cv2.warpPerspective(soft, back @ lean @ forth @ place, (width, height),
                               flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def developed(clip: Clip, view: np.ndarray, sway: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The view under changing light, out of focus if need be, with noise."""
    height, width = view.shape[:2]
    capture = clip.capture
    if capture.blur:
        view = cv2.GaussianBlur(view, (0, 0), capture.blur)
    if capture.sharpen:
        view = cv2.addWeighted(view, 1 + capture.sharpen, cv2.GaussianBlur(view, (0, 0), 1.2), -capture.sharpen, 0)
    side = 1 + 0.5 * LIGHT * sway[7] * np.linspace(-1, 1, width)[None, :, None]
    lit = view * capture.gain * (1 + LIGHT * sway[6]) * side
    # Sensors' noise comes in grains larger than a pixel once a phone has scaled its picture.
    grain = cv2.resize(chance.normal(0, capture.noise, (height // 2, width // 2, 3)), (width, height))
    return np.clip(lit + grain, 0, 255).astype(np.uint8)


def turn_on_display(path: Path) -> None:
    """Writes a quarter turn clockwise into the track header's matrix, where phones put it (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd")
    if data[header + 4] != 0:
        raise SystemExit(f"{path}: the track header is not of version 0")
    # From the four letters: version and flags (4), times, id and duration (20), reserved (8), layer to volume (8).
    at = header + 4 + 4 + 20 + 8 + 8
    struct.pack_into(">9i", data, at, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
