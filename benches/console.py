#!/usr/bin/env python3
"""How long an officer waits from a click on a case until its evidence is visible, in Chromium, with many sessions stored.

One sample is examined by the real networks; its rows are then copied so many times, and its pictures for the cases
that are opened. Needs chromedriver, a built program and the models; SQLite, everything on loopback.

    python3 -B benches/console.py [--binary target/release/likeness] [--sessions 10000] [--clicks 60]
"""

import argparse
import base64
import hashlib
import hmac
import json
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from demoing.client import Client  # noqa: E402
from demoing.server import Server  # noqa: E402

PASSWORD = "seven green boats"
VISIBLE = """
const done = arguments[0];
const look = () => {
    const faces = [...document.querySelectorAll(".lens img")];
    const video = document.querySelector("#video");
    const frame = document.querySelector(".frame:not([hidden]) image[href]");
    const seen = faces.length === 2 && faces.every((it) => it.complete && it.naturalWidth) && video?.readyState > 1 && frame;
    if (seen) done(performance.now()); else setTimeout(look, 5);
};
look();
"""


class Browser:
    """A browser by its driver's protocol."""

    def __init__(self, port: int):
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                            "--window-size=1280,900"]}
        opened = self.call("POST", "", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "timeouts": {"script": 60000}}}})
        self.base += "/" + opened["sessionId"]

    def call(self, method: str, path: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def go(self, address: str):
        self.call("POST", "/url", {"url": address})

    def run(self, script: str):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def wait(self, script: str):
        return self.call("POST", "/execute/async", {"script": script, "args": []})


def code(key: str, at: float) -> str:
    """The one-time code of a key (RFC 6238)."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.new(secret, struct.pack(">Q", int(at // 30)), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def enrol(browser: Browser, address: str, binary: Path, data: Path) -> None:
    """Makes an officer, and signs them in: a code opens once, so the second waits for the next thirty seconds."""
    made = subprocess.run([binary, "officers", "create", "Ada Quux", "--project", "demo", "--role", "officer", "--url", address,
                           "--data", data], check=True, capture_output=True, text=True)
    browser.go(made.stdout.strip())
    browser.wait("const done = arguments[0]; const look = () => document.querySelector('.device code') ? done() : setTimeout(look, 20); look()")
    key = browser.run("return document.querySelector('.device code').textContent")
    fill(browser, {"password": PASSWORD, "again": PASSWORD, "code": code(key, time.time())})
    step = int(time.time() // 30)
    while int(time.time() // 30) == step:
        time.sleep(0.2)
    browser.go(address + "/console")
    fill(browser, {"name": "Ada Quux", "password": PASSWORD, "code": code(key, time.time())})


def fill(browser: Browser, fields: dict[str, str]) -> None:
    for name, text in fields.items():
        browser.run(f"document.getElementById({json.dumps(name)}).value = {json.dumps(text)}")
    browser.run("document.querySelector('form.stack').requestSubmit()")
    time.sleep(1.5)


def examine(client: Client) -> str:
    """One session of the sample `genuine`, examined."""
    folder = ROOT / "samples" / "genuine"
    token = ["-H", f"Authorization: Bearer {client.token}"]

    def curl(*arguments: str) -> dict:
        done = subprocess.run(["curl", "-s", *token, *arguments], check=True, capture_output=True, text=True)
        return json.loads(done.stdout or "{}")

    session = curl("-X", "POST", f"{client.address}/v1/sessions")["id"]
    for kind, name in (("document", "document.jpg"), ("video", "video.mp4")):
        curl("-F", f"{kind}=@{folder / name}", f"{client.address}/v1/sessions/{session}/{kind}")
    answer = curl("-X", "POST", f"{client.address}/v1/sessions/{session}/examinations?wait=120")
    assert answer["status"] == "done", answer
    return session.removeprefix("sess_")


def copy(data: Path, session: str, count: int, with_pictures: int) -> list[str]:
    """So many copies of the session's rows; some with its pictures. Gives back those."""
    database = sqlite3.connect(data / "likeness.db", timeout=60)
    database.row_factory = sqlite3.Row

    def rows(table: str, key: str) -> list[sqlite3.Row]:
        return database.execute(f"SELECT * FROM {table} WHERE {key} = ?", (session,)).fetchall()

    def insert(table: str, row: dict) -> None:
        names = ", ".join(row)
        database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    kept = {"sessions": rows("sessions", "id"), "evidence": rows("evidence", "session_id"), "examinations": rows("examinations", "session_id"),
            "reviews": rows("reviews", "session_id"), "review_reasons": rows("review_reasons", "session_id")}
    pictures = data / "blobs" / "sessions" / session / "frames" / kept["examinations"][0]["id"]
    openable = []
    with database:
        for number in range(count):
            fresh, examination = str(uuid.uuid4()), str(uuid.uuid4())
            for table, found in kept.items():
                for row in found:
                    row = dict(row)
                    if table == "sessions":
                        row |= {"id": fresh, "reference": f"REF-{number}"}
                    else:
                        row["session_id"] = fresh
                    if table == "evidence":
                        row["id"] = str(uuid.uuid4())
                    if table == "examinations":
                        row["id"] = examination
                    if table == "reviews":
                        row |= {"examination_id": examination}
                    if "entered_at" in row:
                        row["entered_at"] = row["entered_at"] - number * 1000
                    insert(table, row)
            if number >= count - with_pictures:
                shutil.copytree(pictures, data / "blobs" / "sessions" / fresh / "frames" / examination)
                openable.append(fresh)
    database.close()
    return openable


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/likeness")
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--clicks", type=int, default=60)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="likeness-console-"))
    driver = subprocess.Popen(["chromedriver", "--port=9517"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with Server(options.binary, folder, ROOT / "scoring-rules/review-everything.json") as server:
            client = Client(server.address, server.create_token())
            openable = copy(folder, examine(client), options.sessions, options.clicks)
            time.sleep(1)
            browser = Browser(9517)
            enrol(browser, server.address, options.binary, folder)
            waits = []
            for session in openable:
                # The oldest cases stand first in the queue: those with pictures.
                browser.go(f"{server.address}/console/queue?search={session}")
                start = time.perf_counter()
                browser.run("document.querySelector('a.row').click()")
                browser.wait(VISIBLE)
                waits.append((time.perf_counter() - start) * 1000)
            waits.sort()
            queue = []
            for _ in range(30):
                start = time.perf_counter()
                browser.go(f"{server.address}/console/queue")
                queue.append((time.perf_counter() - start) * 1000)
            queue.sort()
        at = lambda figures, share: figures[min(len(figures) - 1, int(len(figures) * share))]
        print(json.dumps({
            "sessions": options.sessions, "clicks": len(waits),
            "click_to_evidence_ms": {"median": round(at(waits, 0.5)), "p95": round(at(waits, 0.95)), "worst": round(waits[-1])},
            "queue_page_ms": {"median": round(at(queue, 0.5)), "p95": round(at(queue, 0.95))},
        }, indent=2))
        return 0
    finally:
        driver.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
