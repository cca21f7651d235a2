"""Reads a pack's weights as the reference programs take them, and the picture that both sides look at."""

import json
import struct
from pathlib import Path


def tensors(path: Path) -> dict:
    """The tensors of a safetensors file of 32-bit floats, by name."""
    import numpy

    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: numpy.frombuffer(data[slice(*facts["data_offsets"])], dtype=numpy.float32).reshape(facts["shape"])
        for name, facts in header.items()
    }


def chip(root: Path, pack: str):
    """The pattern that `likeness bench embed` times, as (channels, rows, columns), normalised as the manifest says."""
    import numpy

    packs = json.loads((root / "models/manifest.json").read_text())["packs"]
    wanted = next(entry["input"] for entry in packs if entry["name"] == pack)
    rows, columns = numpy.indices((wanted["height"], wanted["width"]))
    planes = [(columns * 7 + rows * 13 + columns * rows // 8 + channel * 29) % 256 for channel in range(3)]
    if wanted["channels"] == "bgr":
        planes.reverse()
    mean = numpy.array(wanted["mean"]).reshape(3, 1, 1)
    return ((numpy.stack(planes) - mean) * wanted["scale"]).astype(numpy.float32)


def cosine(one, other) -> float:
    """How much two vectors point the same way."""
    import numpy

    one, other = numpy.asarray(one, dtype=float).ravel(), numpy.asarray(other, dtype=float).ravel()
    return float(one @ other / (numpy.linalg.norm(one) * numpy.linalg.norm(other)))
