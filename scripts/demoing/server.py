"""Starts the service for the demo, waits until it is ready, and stops it again."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

READY_SECONDS = 300
STOP_SECONDS = 60
LOG_LINES = 12

# Settings of the user's own service must not reach the demo, its database least of all; where the models lie may.
KEPT = {"LIKENESS_MODELS", "LIKENESS_MIRROR", "LIKENESS_EMBEDDER"}


class ServerError(Exception):
    """The service did not start, or ended too early; says what to do next."""


def environment(inherited: dict[str, str], rules: Path) -> dict[str, str]:
    """The caller's environment with the demo's settings in place of his own."""
    kept = {name: value for name, value in inherited.items() if not name.startswith("LIKENESS_") or name in KEPT}
    return kept | {"LIKENESS_RULES": str(rules)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The running service; leaving the `with` block stops it."""

    def __init__(self, binary: Path, data: Path, rules: Path):
        self.binary = binary
        self.data = data
        self.environment = environment(dict(os.environ), rules)
        self.port = free_port()
        self.log = data / "serve.log"
        self.process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        self.data.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until_ready(self) -> None:
        """Asks /readyz until it says yes, with a note of the seconds on a terminal."""
        started = time.monotonic()
        shown = sys.stderr.isatty()
        print(f"demo: starting the service on {self.address} (log: {self.log})", file=sys.stderr)
        while not self.answers_ready():
            waited = time.monotonic() - started
            self.check_alive()
            if waited > READY_SECONDS:
                raise ServerError(f"the service was not ready after {READY_SECONDS} s:\n{self.log_tail()}")
            if shown:
                print(f"\rdemo: warming the models, {waited:.0f} s ", end="", file=sys.stderr, flush=True)
            time.sleep(0.2)
        waited = time.monotonic() - started
        print(f"{chr(13) if shown else ''}demo: ready after {waited:.1f} s       ", file=sys.stderr)

    def answers_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            # Not listening yet, or listening and not ready (urllib's HTTPError is an OSError too).
            return False

    def check_alive(self) -> None:
        """Says what the log said last when the service has ended by itself."""
        if self.process.poll() is not None:
            raise ServerError(f"the service ended with status {self.process.returncode}:\n{self.log_tail()}")

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (its log is empty)"

    def stop(self) -> None:
        """Asks it to end as an operator would, and insists when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def create_token(self) -> str:
        """Has the program make a token for the project `demo`, and the project with it."""
        command = [self.binary, "tokens", "create", "--project", "demo", "--label", "make demo", "--data", self.data]
        made = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if made.returncode != 0:
            raise ServerError(f"no token could be made:\n  {made.stderr.strip()}")
        return made.stdout.strip()
