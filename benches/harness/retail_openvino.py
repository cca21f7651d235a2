"""retail-0095 for OpenVINO, built from the weights that likeness runs as its published graph has it."""

from collections.abc import Callable
from pathlib import Path

from harness.weights import tensors

BLOCKS = 15
# The blocks that halve their maps; the others that keep their channels add their input to their output.
HALVING = (1, 6, 13)
SIDE = 128


def runner(weights: Path, threads: int, precision: str = "f32", file: Path | None = None) -> Callable:
    """A function from one chip of 128×128 to its vector; `file` is the network's own file, in place of what is built here."""
    import openvino

    core = openvino.Core()
    network = core.read_model(file) if file else model(tensors(weights))
    network.reshape([1, 3, SIDE, SIDE])
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": precision,
    }
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    return lambda chip: request.infer([chip], share_inputs=True)[0]


def model(weights: dict):
    """The network as OpenVINO holds it."""
    import numpy
    import openvino
    from openvino import opset8 as ops

    def constant(values):
        return ops.constant(numpy.ascontiguousarray(values, dtype=numpy.float32))

    def bent(maps, name):
        slope = weights.get(f"{name}.slope")
        return maps if slope is None else ops.prelu(maps, constant(slope))

    def biased(maps, name):
        return bent(ops.add(maps, constant(weights[f"{name}.bias"].reshape(1, -1, 1, 1))), name)

    def dense(maps, name, stride=1):
        filters = weights[f"{name}.weight"]
        filters = filters.reshape(*filters.shape, *[1] * (4 - filters.ndim))
        pads = [filters.shape[2] // 2] * 2
        return biased(ops.convolution(maps, constant(filters), [stride] * 2, pads, pads, [1, 1]), name)

    def depthwise(maps, name, stride=1, padding=1):
        filters = weights[f"{name}.weight"][:, None]
        pads = [padding] * 2
        return biased(ops.group_convolution(maps, constant(filters), [stride] * 2, pads, pads, [1, 1]), name)

    chip = ops.parameter([1, 3, SIDE, SIDE], numpy.float32, name="chip")
    maps = ops.multiply(chip, constant(weights["input.scale"].reshape(1, 3, 1, 1)))
    maps = ops.add(maps, constant(weights["input.shift"].reshape(1, 3, 1, 1)))
    maps = depthwise(dense(maps, "stem.conv", stride=2), "stem.depthwise")
    for index in range(1, BLOCKS + 1):
        block, stride, before = f"block{index}", 2 if index in HALVING else 1, maps
        maps = depthwise(dense(maps, f"{block}.expand"), f"{block}.depthwise", stride)
        maps = dense(maps, f"{block}.project")
        means = ops.reduce_mean(maps, ops.constant(numpy.array([2, 3], dtype=numpy.int64)), keep_dims=True)
        maps = ops.multiply(maps, ops.sigmoid(dense(dense(means, f"{block}.squeeze"), f"{block}.excite")))
        if stride == 1:
            maps = ops.add(before, maps)
    maps = depthwise(dense(maps, "head.expand"), "head.depthwise", padding=0)
    embed = weights["head.embed.weight"]
    vector = ops.convolution(maps, constant(embed.reshape(*embed.shape, 1, 1)), [1, 1], [0, 0], [0, 0], [1, 1])
    return openvino.Model([vector], [chip], "retail-0095")
