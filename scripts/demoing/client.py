"""Speaks to the service over HTTP as an onboarding flow would: multipart parts and a bearer token."""

import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """What came back: the status (0 for no answer at all), the body as far as it is JSON, and how long it took."""

    status: int
    body: Any
    milliseconds: int


class Client:
    """Calls one service with one token."""

    def __init__(self, address: str, token: str):
        self.address = address
        self.token = token

    def get(self, path: str) -> Answer:
        return self.call(urllib.request.Request(self.address + path))

    def match_faces(self, document: Path, video: Path, full_name: str) -> Answer:
        """Posts a document and a video and waits for the verdict."""
        boundary = f"likeness-{secrets.token_hex(16)}"
        body = multipart([("video", video.name, video.read_bytes()), ("image", document.name, document.read_bytes())], boundary)
        request = urllib.request.Request(f"{self.address}/api-gateway/match-faces", data=body, method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("X-User-Fullname", full_name)
        return self.call(request)

    def call(self, request: urllib.request.Request) -> Answer:
        request.add_header("Authorization", f"Bearer {self.token}")
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, text = refusal.code, refusal.read()
        except (OSError, http.client.HTTPException) as silence:
            status, text = 0, json.dumps({"error": f"no answer: {silence}"}).encode()
        milliseconds = round((time.monotonic() - started) * 1000)
        return Answer(status, parsed(text), milliseconds)


def multipart(parts: list[tuple[str, str, bytes]], boundary: str) -> bytes:
    """The body of a form with files, given as (name, file name, bytes)."""
    lines = []
    for name, file_name, data in parts:
        lines += [
            f"--{boundary}\r\n".encode(),
            f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'.encode(),
            b"Content-Type: application/octet-stream\r\n\r\n",
            data,
            b"\r\n",
        ]
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def parsed(text: bytes) -> Any:
    """JSON, or the bare text where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
