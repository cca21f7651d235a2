"""A running `likeness serve` with a project's token, for the parts that speak HTTP."""

import http.client
import socket
import subprocess
import time
from pathlib import Path

READY_SECONDS = 60
STOP_SECONDS = 30


class Service:
    """The service on a free port of this machine; leaving the `with` block stops it."""

    def __init__(self, bench, data: Path, prefix: tuple[str, ...] = (), **settings: str):
        self.binary = str(bench.binary)
        self.data = data
        # What stands in front of the command, such as ("taskset", "-c", "0").
        self.prefix = prefix
        self.environment = bench.environment(LIKENESS_LOG="warn", **settings)
        self.root = bench.root
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Service":
        self.data.mkdir(parents=True, exist_ok=True)
        command = [*self.prefix, self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data)]
        with open(self.data / "serve.log", "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def token(self, project: str = "bench") -> str:
        """A new token of a project, which is made where there is none."""
        return make_token(self.binary, self.data, self.root, self.environment, project)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open between requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def wait_until_ready(self) -> None:
        started = time.monotonic()
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() - started > READY_SECONDS:
                log = (self.data / "serve.log").read_text(errors="replace")
                raise RuntimeError(f"the service is not ready: {log[-500:]}")
            time.sleep(0.01)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_token(binary: str, data: Path, root: Path, environment: dict[str, str], project: str) -> str:
    command = [binary, "tokens", "create", "--project", project, "--label", "bench", "--data", str(data)]
    made = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"no token could be made: {made.stderr.strip()[-300:]}")
    return made.stdout.strip()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
