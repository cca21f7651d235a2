#!/usr/bin/env python3
"""The whole job as a short script of OpenCV and dlib does it: the side that `likeness match` is compared with.

    python3 benches/reference_job.py DOCUMENT VIDEO [--enlarge N] [--runs N]

Decodes every frame, takes 8 of them evenly spread, finds the face in each and in the document by dlib's HOG detector, places
five points, computes dlib's vector of 128 numbers, and compares. The detector finds faces from 80 pixels on. Enlarged once, as
dlib's own examples have it, it finds them from 40 on; likeness looks for them from 60 on in frames of this size. Prints one
JSON object: seconds of each run, once the models are loaded, and the distances. Needs dlib-bin, numpy,
opencv-python-headless and face_recognition_models.
"""

import argparse
import json
import statistics
import time
from importlib.util import find_spec
from pathlib import Path

import cv2
import dlib
import numpy

FRAMES = 8


class Job:
    """The models, loaded once."""

    def __init__(self, enlarge: int) -> None:
        self.enlarge = enlarge
        # Found without being imported: the package's own code asks for a module that newer Pythons lack.
        models = Path(find_spec("face_recognition_models").submodule_search_locations[0]) / "models"
        self.detector = dlib.get_frontal_face_detector()
        self.points = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self.network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def run(self, document: str, video: str) -> list[float]:
        """The distance of each frame's face from the document's; a frame without a face has none."""
        known = self.vector(cv2.imread(document))
        if known is None:
            raise SystemExit("the document shows no face")
        vectors = [self.vector(frame) for frame in frames(video)]
        return [float(numpy.linalg.norm(known - vector)) for vector in vectors if vector is not None]

    def vector(self, picture: numpy.ndarray) -> numpy.ndarray | None:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        faces = self.detector(picture, self.enlarge)
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.area())
        return numpy.array(self.network.compute_face_descriptor(picture, self.points(picture, largest)))


def frames(video: str) -> list[numpy.ndarray]:
    """The middles of as many equal stretches of the clip."""
    capture = cv2.VideoCapture(video)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = {int((index + 0.5) * count / FRAMES) for index in range(FRAMES)}
    found = []
    for index in range(count):
        read, frame = capture.read()
        if not read:
            break
        if index in wanted:
            found.append(frame)
    capture.release()
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("document")
    arguments.add_argument("video")
    arguments.add_argument("--enlarge", type=int, default=1, help="how often the pictures are enlarged for the detector")
    arguments.add_argument("--runs", type=int, default=1)
    wanted = arguments.parse_args()
    job, times, distances = Job(wanted.enlarge), [], []
    for _ in range(wanted.runs):
        started = time.perf_counter()
        distances = job.run(wanted.document, wanted.video)
        times.append(time.perf_counter() - started)
    print(json.dumps({"seconds": times, "median_ms": statistics.median(times) * 1000, "distances": distances}))


if __name__ == "__main__":
    main()
