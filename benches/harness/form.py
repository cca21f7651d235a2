"""A match over HTTP: a form with the document and the video, and the time until the answer begins."""

import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.bench import Bench
from harness.service import Service
from harness.unmeasured import NotMeasured


def present(bench: Bench, packs: Iterable[str]) -> list[str]:
    """The packs whose weights are there; without any there is nothing to measure."""
    found = []
    for number, pack in enumerate(packs := list(packs)):
        try:
            bench.pack(pack)
            found.append(pack)
        except NotMeasured:
            if not found and number == len(packs) - 1:
                raise
    return found


def asker(service: Service, document: Path, video: Path) -> Callable[[], float]:
    """A client. Each call posts a match over a fresh connection and gives the milliseconds until the first byte of its answer."""
    boundary = f"likeness-{secrets.token_hex(16)}"
    body = b"".join(part(boundary, name, path.read_bytes()) for name, path in [("image", document), ("video", video)])
    body += f"--{boundary}--\r\n".encode()
    headers = {"Authorization": f"Bearer {service.token()}", "Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection = service.connect()

    def ask() -> float:
        # The service closes one that was idle for long; the next request opens it again.
        connection.close()
        started = time.perf_counter()
        connection.request("POST", "/api-gateway/match-faces", body, headers)
        answer = connection.getresponse()
        taken = (time.perf_counter() - started) * 1000
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a match was answered with {answer.status}: {text[:300]}")
        return taken

    return ask


def part(boundary: str, name: str, data: bytes) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return head.encode() + data + b"\r\n"
