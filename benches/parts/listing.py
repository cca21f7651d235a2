"""A page of `GET /v1/sessions` among a million sessions, over HTTP: the first, deep ones, and those of one status."""

import json
import random
import time

from harness import million
from harness.bench import Bench
from harness.service import Service

LINES = [7]
GOAL_MS = 10
PAGE = 50


def measure(bench: Bench) -> dict:
    sessions, requests = (100_000, 50) if bench.quick else (1_000_000, 300)
    data = bench.scratch / "data"
    with Service(bench, data) as service:
        token = service.token("bench")
        service.token("another")
    million.fill(data / "likeness.db", sessions, "bench", "another")
    chance = random.Random(1)

    def deep() -> str:
        return f"&before={million.session_id(chance.randrange(sessions))}"

    kinds = {
        "first page": lambda: "",
        "a page anywhere": deep,
        "the last page": lambda: f"&before={million.session_id(PAGE * 2)}",
        "judged, anywhere": lambda: f"&status=judged{deep()}",
        "failed (one in a thousand), anywhere": lambda: f"&status=failed{deep()}",
        "erased (none at all)": lambda: "&status=erased",
    }
    with Service(bench, data) as service:
        connection = service.connect()
        rows = [row(what, sessions, times(connection, token, query, requests)) for what, query in kinds.items()]
    return {"rows": rows, "database_bytes": (data / "likeness.db").stat().st_size}


def times(connection, token: str, query, requests: int) -> list[float]:
    """Milliseconds from asking to having read the answer, sorted."""
    taken = []
    for number in range(requests + 3):
        path = f"/v1/sessions?limit={PAGE}{query()}"
        started = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        if number >= 3:
            taken.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        check(json.loads(body)["sessions"], path)
    return sorted(taken)


def check(page: list[dict], path: str) -> None:
    """A fast answer counts only when it is the right one: newest first, of the status that was asked for."""
    ids = [session["id"] for session in page]
    wanted = path.partition("&status=")[2].partition("&")[0]
    if ids != sorted(ids, reverse=True) or any(wanted not in ("", session["status"]) for session in page) or len(ids) > PAGE:
        raise RuntimeError(f"{path} answered another page")


def row(what: str, sessions: int, taken: list[float]) -> dict:
    late = taken[len(taken) * 95 // 100]
    return {
        "line": 7, "what": f"GET /v1/sessions, {what}, {sessions} sessions, p95", "unit": "ms", "likeness": round(late, 2),
        "reference": None, "ratio": round(late / GOAL_MS, 3), "goal": f"≤ {GOAL_MS} ms", "met": late <= GOAL_MS,
        "median": round(taken[len(taken) // 2], 2), "n": len(taken),
    }
