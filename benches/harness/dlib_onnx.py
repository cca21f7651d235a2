"""dlib's network for ONNX Runtime, built from the weights that likeness runs, every affine layer folded into its convolution."""

from collections.abc import Callable
from pathlib import Path

from harness.weights import tensors

# (channels, halves its maps), a residual block each.
BLOCKS = (
    [(32, False)] * 3
    + [(64, True)]
    + [(64, False)] * 3
    + [(128, True)]
    + [(128, False)] * 2
    + [(256, True)]
    + [(256, False)] * 2
    + [(256, True)]
)
SIDE = 150


def runner(weights: Path, threads: int) -> Callable:
    """A function from chips of 150×150 to their vectors, on so many threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(tensors(weights)), options, providers=["CPUExecutionProvider"])
    return lambda chips: session.run(None, {"chips": chips})[0]


def model(weights: dict) -> bytes:
    """The network as an ONNX file."""
    from onnx import TensorProto, helper

    graph = Graph()
    flat = graph.node("Flatten", [graph.node("GlobalAveragePool", [body(graph, weights)])])
    graph.node("MatMul", [flat, graph.constant(weights["fc.weight"])], "vectors")
    chips = helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", 128])
    made = helper.make_graph(graph.nodes, "dlib", [chips], [vectors], graph.constants)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9).SerializeToString()


def body(graph: "Graph", weights: dict) -> str:
    """From the chips to the last maps; dlib adds maps of different sizes as if zeros stood where one ends."""

    def convolve(maps, index, stride, padding):
        gamma, beta = weights[f"affine{index}.gamma"], weights[f"affine{index}.beta"]
        filters = weights[f"conv{index}.weight"] * gamma[:, None, None, None]
        bias = weights[f"conv{index}.bias"] * gamma + beta
        inputs = [maps, graph.constant(filters), graph.constant(bias)]
        return graph.node("Conv", inputs, strides=[stride] * 2, pads=[padding] * 4)

    maps = graph.node("Relu", [convolve("chips", 1, 2, 0)])
    maps = graph.node("MaxPool", [maps], kernel_shape=[3, 3], strides=[2, 2])
    side, channels, index = 35, 32, 2
    for outputs, down in BLOCKS:
        inner = graph.node("Relu", [convolve(maps, index, 2 if down else 1, 0 if down else 1)])
        inner = convolve(inner, index + 1, 1, 1)
        shortcut = maps
        if down:
            own, halved = (side - 3) // 2 + 1, side // 2
            shortcut = graph.node("AveragePool", [maps], kernel_shape=[2, 2], strides=[2, 2])
            shortcut = graph.grow(shortcut, outputs - channels, max(own - halved, 0))
            inner = graph.grow(inner, 0, max(halved - own, 0))
            side = max(own, halved)
        maps = graph.node("Relu", [graph.node("Add", [inner, shortcut])])
        channels, index = outputs, index + 2
    return maps


class Graph:
    """Nodes and constants, named as they come."""

    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, values) -> str:
        import numpy
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], name: str | None = None, **attributes) -> str:
        from onnx import helper

        name = name or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def grow(self, maps: str, channels: int, side: int) -> str:
        """Zeros after the last channel, and below and to the right."""
        import numpy

        if channels == 0 and side == 0:
            return maps
        pads = numpy.array([0, 0, 0, 0, 0, channels, side, side], dtype=numpy.int64)
        return self.node("Pad", [maps, self.constant(pads)])
