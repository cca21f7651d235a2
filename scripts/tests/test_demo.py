"""The demo's pure pieces: the form it posts, the answers it reads, the environment it hands on, the samples' index."""

import email
import json
import unittest
from pathlib import Path

from demoing import client, server, tables

SAMPLE = {"name": "genuine", "title": "The same person", "verdict": "pass"}
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def answer(status="pass", code=0, failed=(), referred=()):
    return client.Answer(200, {
        "data": {"code": code, "description": "No usable face was found", "percentages": [90.5, 91.0], "score": 90.75},
        "scoring_result": {"status": status, "failed_conditions": list(failed), "failed_refer_conditions": list(referred)},
    }, 12)


class Form(unittest.TestCase):
    def test_another_reader_finds_the_parts_unharmed(self):
        data = bytes(range(256)) + b"\r\n--b"
        form = client.multipart([("video", "v.mp4", data), ("image", "d.jpg", b"")], "border")
        read = email.message_from_bytes(b"Content-Type: multipart/form-data; boundary=border\r\n\r\n" + form)
        parts = {p.get_param("name", header="content-disposition"): p.get_payload(decode=True) for p in read.get_payload()}
        self.assertEqual(parts, {"video": data, "image": b""})


class Answers(unittest.TestCase):
    def test_a_verdict_is_read_with_its_reasons(self):
        got = tables.result(SAMPLE, answer("refer", referred=["Video bright enough: 31 is below 50"]))
        self.assertFalse(got.as_expected)
        shown = tables.block(1, 1, got, colour=False)
        for part in ("90.50", "90.75", "✗ expected pass", "Video bright enough: 31 is below 50", "liveness not examined", "12"):
            self.assertIn(part, shown)

    def test_a_refusal_is_an_error_and_never_as_expected(self):
        got = tables.result(SAMPLE, client.Answer(401, {"error": "no such token"}, 3))
        self.assertEqual((got.verdict, got.complaint), ("error", "HTTP 401: no such token"))
        self.assertFalse(got.as_expected)

    def test_an_answer_that_is_no_object_is_an_error(self):
        self.assertEqual(tables.result(SAMPLE, client.Answer(502, "bad gateway", 3)).verdict, "error")

    def test_an_unusable_capture_shows_its_reason(self):
        self.assertIn("No usable face was found", tables.block(1, 1, tables.result(SAMPLE, answer("fail", code=1)), colour=False))

    def test_colour_does_not_move_the_columns(self):
        got = [tables.result(SAMPLE, answer())]
        plain = tables.summary(got, colour=True).replace("\033[32;1m", "").replace("\033[0m", "")
        self.assertEqual(plain, tables.summary(got, colour=False))

    def test_the_weaker_pack_is_named_as_such(self):
        self.assertIn("weaker", tables.opening({"embedder": "dlib", "weaker": True}, "r.json", 9))
        self.assertNotIn("weaker", tables.opening({"embedder": "retail-0095", "weaker": False}, "r.json", 9))


class Environment(unittest.TestCase):
    def test_the_users_own_database_stays_out(self):
        inherited = {"HOME": "/h", "LIKENESS_DATABASE_URL": "postgres://theirs", "LIKENESS_EMBEDDER": "dlib"}
        self.assertEqual(
            server.environment(inherited, Path("r.json")),
            {"HOME": "/h", "LIKENESS_EMBEDDER": "dlib", "LIKENESS_RULES": "r.json"},
        )


class Index(unittest.TestCase):
    def test_every_sample_is_whole_small_and_says_the_same_twice(self):
        rows = json.loads((SAMPLES / "index.json").read_text())
        self.assertEqual({row["verdict"] for row in rows}, {"pass", "refer", "fail"})
        for row in rows:
            expected = json.loads((SAMPLES / row["name"] / "expected.json").read_text())
            self.assertEqual(expected | {"name": row["name"]}, row)
            for file in (row["document"], row["video"]):
                self.assertLess((SAMPLES / file).stat().st_size, 600_000, file)


if __name__ == "__main__":
    unittest.main()
