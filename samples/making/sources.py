"""Fetches the portraits: from two packages, by name and version, each picture checked by its own hash."""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Package:
    """One archive, as pip fetches it. The source archive is pinned by hash because pip runs its set-up code."""

    name: str
    version: str
    sha256: str | None = None


@dataclass(frozen=True)
class Portrait:
    """One photograph: where it lies in its package, and which part of it holds one person alone."""

    package: Package
    member: str
    sha256: str
    crop: tuple[int, int, int, int] | None = None


FACE_RECOGNITION = Package(
    "face_recognition", "1.3.0", "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
)
# A wheel is built per platform, so only the picture inside is pinned.
SCIKIT_IMAGE = Package("scikit-image", "0.26.0")

PORTRAITS = {
    "obama-2012": Portrait(
        FACE_RECOGNITION,
        "tests/test_images/obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    # The right edge of this one shows another person's arm.
    "obama-2010": Portrait(
        FACE_RECOGNITION,
        "tests/test_images/obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
        (0, 0, 1340, 2333),
    ),
    "biden-2010": Portrait(
        FACE_RECOGNITION,
        "tests/test_images/biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
    "collins": Portrait(
        SCIKIT_IMAGE,
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
}


def portraits(folder: Path | None) -> dict[str, np.ndarray]:
    """Every portrait as RGB pixels; archives come from `folder`, or from pip when it is not given."""
    with tempfile.TemporaryDirectory() as scratch:
        where = folder or Path(scratch)
        if folder is None:
            for package in (FACE_RECOGNITION, SCIKIT_IMAGE):
                download(package, where)
        return {name: load(portrait, where) for name, portrait in PORTRAITS.items()}


def download(package: Package, into: Path) -> None:
    """Has pip fetch one archive, without what it depends on."""
    print(f"fetching {package.name} {package.version}", file=sys.stderr)
    pinned = f" --hash=sha256:{package.sha256}" if package.sha256 else ""
    wish = into / "wish.txt"
    wish.write_text(f"{package.name}=={package.version}{pinned}\n")
    flags = ["--require-hashes"] if package.sha256 else ["--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *flags, "-d", str(into), "-r", str(wish)]
    subprocess.run(command, check=True)


def load(portrait: Portrait, folder: Path) -> np.ndarray:
    """Takes one picture out of its archive and refuses it when it is not the one that was chosen."""
    package = portrait.package
    stem = package.name.replace("-", "[-_]")
    archives = sorted(folder.glob(f"{stem}-{package.version}*"))
    if not archives:
        raise SystemExit(f"{folder} holds no archive of {package.name} {package.version}: leave out --archives to fetch it")
    data = member(archives[0], portrait.member)
    if hashlib.sha256(data).hexdigest() != portrait.sha256:
        raise SystemExit(f"{portrait.member} in {archives[0].name} is not the picture that was chosen")
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    return np.asarray(picture.crop(portrait.crop) if portrait.crop else picture)


def member(archive: Path, path: str) -> bytes:
    """Reads one file of a wheel or of a source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as source:
        found = next(entry for entry in source.getmembers() if entry.name.endswith("/" + path))
        return source.extractfile(found).read()
