#!/usr/bin/env python3
"""Times dlib's network in `likeness bench embed` and in ONNX Runtime: same weights, same shapes, side by side.

Makes a virtual environment with numpy, onnx and onnxruntime in a temporary folder unless these are there, builds the
network's graph from models/cache/dlib.safetensors with every affine layer folded into its convolution, and alternates the two
sides. Prints a table, and one JSON object with --json FILE.

    cargo build --release && python3 benches/against_onnxruntime.py
"""

import argparse
import datetime
import json
import pathlib
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
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
SETUPS = [(1, 1), (2, 1), (1, 8), (2, 8)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="turns of each side")
    arguments.add_argument("--runs", type=int, default=30, help="runs that count in a turn")
    arguments.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    arguments.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/likeness")
    arguments = arguments.parse_args()
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError:
        sys.exit(run_in_environment())
    report(arguments, measure(arguments))


def run_in_environment():
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = pathlib.Path(folder) / "bin/python"
        subprocess.run([python, "-m", "pip", "install", "-q", "numpy", "onnx", "onnxruntime"], check=True)
        return subprocess.run([python, __file__, *sys.argv[1:]]).returncode


def measure(arguments):
    model = graph(tensors(ROOT / "models/cache/dlib.safetensors"))
    rows = []
    for threads, batch in SETUPS:
        run = session(model, threads, batch)
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            ours.append(likeness(arguments, threads, batch))
            theirs.append(timed(run, arguments.runs))
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        rows.append({
            "threads": threads,
            "batch": batch,
            "likeness_ms": round(ours, 3),
            "onnxruntime_ms": round(theirs, 3),
            "ratio": round(ours / theirs, 3),
        })
    return rows


def likeness(arguments, threads, batch):
    command = [arguments.binary, "bench", "embed", "--batch", str(batch), "--threads", str(threads)]
    command += ["--runs", str(arguments.runs), "--json"]
    answer = subprocess.run(command, cwd=ROOT, env={"LIKENESS_EMBEDDER": "dlib"}, check=True, capture_output=True)
    return json.loads(answer.stdout)["median_ms"]


def timed(run, runs):
    for _ in range(3):
        run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def session(model, threads, batch):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    runtime = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    chips = numpy.full((batch, 3, SIDE, SIDE), 0.01, dtype=numpy.float32)
    return lambda: runtime.run(None, {"chips": chips})


def tensors(path):
    import numpy

    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    return {
        name: numpy.frombuffer(data[slice(*facts["data_offsets"])], dtype=numpy.float32).reshape(facts["shape"])
        for name, facts in header.items()
        if name != "__metadata__"
    }


def graph(weights):
    """The network as an ONNX model: dlib adds maps of different sizes as if zeros stood where one ends."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, counter = [], [], iter(range(10_000))

    def constant(values):
        name = f"constant{next(counter)}"
        constants.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def node(kind, inputs, **attributes):
        name = f"{kind}{next(counter)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolve(maps, index, stride, padding):
        gamma, beta = weights[f"affine{index}.gamma"], weights[f"affine{index}.beta"]
        filters = weights[f"conv{index}.weight"] * gamma[:, None, None, None]
        bias = weights[f"conv{index}.bias"] * gamma + beta
        return node("Conv", [maps, constant(filters), constant(bias)], strides=[stride] * 2, pads=[padding] * 4)

    def grow(maps, channels, side):
        if channels == 0 and side == 0:
            return maps
        pads = numpy.array([0, 0, 0, 0, 0, channels, side, side], dtype=numpy.int64)
        return node("Pad", [maps, constant(pads)])

    maps = node("Relu", [convolve("chips", 1, 2, 0)])
    maps = node("MaxPool", [maps], kernel_shape=[3, 3], strides=[2, 2])
    side, channels, index = 35, 32, 2
    for outputs, down in BLOCKS:
        inner = node("Relu", [convolve(maps, index, 2 if down else 1, 0 if down else 1)])
        inner = convolve(inner, index + 1, 1, 1)
        if down:
            own, halved = (side - 3) // 2 + 1, side // 2
            shortcut = node("AveragePool", [maps], kernel_shape=[2, 2], strides=[2, 2])
            shortcut = grow(shortcut, outputs - channels, max(own - halved, 0))
            inner = grow(inner, 0, max(halved - own, 0))
            side = max(own, halved)
        else:
            shortcut = maps
        maps = node("Relu", [node("Add", [inner, shortcut])])
        channels, index = outputs, index + 2
    flat = node("Flatten", [node("GlobalAveragePool", [maps])])
    nodes.append(helper.make_node("MatMul", [flat, constant(weights["fc.weight"])], ["vectors"]))
    chips = helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", 128])
    made = helper.make_graph(nodes, "dlib", [chips], [vectors], constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def report(arguments, rows):
    import onnxruntime

    print("threads  batch  likeness ms  ONNX Runtime ms  ratio")
    for row in rows:
        print("{threads:>7}  {batch:>5}  {likeness_ms:>11.2f}  {onnxruntime_ms:>15.2f}  {ratio:>5.2f}".format(**row))
    figures = {
        "date": datetime.date.today().isoformat(),
        "machine": processor(),
        "onnxruntime": onnxruntime.__version__,
        "rows": rows,
    }
    print("ONNX Runtime {onnxruntime}, {machine}, {date}".format(**figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return f"{len(names)} × {names[0]}"
    except (OSError, IndexError):
        return platform.machine()


if __name__ == "__main__":
    main()
