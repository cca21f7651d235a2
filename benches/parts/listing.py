"""A page of `GET /v1/sessions` among a million sessions, over HTTP: the first, deep ones, and those of one status.

In SQLite; and in the PostgreSQL database that LIKENESS_TEST_DATABASE_URL names, if it names one.
"""

import json
import os
import random
import time
from collections.abc import Callable

from harness import million
from harness.bench import Bench
from harness.service import Service

LINES = [7]
GOAL_MS = 10
PAGE = 50
POSTGRES = "LIKENESS_TEST_DATABASE_URL"


def measure(bench: Bench) -> dict:
    sessions = 100_000 if bench.quick else 1_000_000
    data = bench.scratch / "sqlite"

    def fill() -> None:
        million.fill_sqlite(data / "likeness.db", sessions, "bench", "another")

    rows = pages(bench, "SQLite", data, sessions, fill)
    if POSTGRES in os.environ:
        bench.need("psycopg[binary]")
        with million.Schema(os.environ[POSTGRES]) as schema:

            def fill_schema() -> None:
                million.fill(schema.connection, million.POSTGRES, sessions, "bench", "another")

            rows += pages(bench, "PostgreSQL", bench.scratch / "postgres", sessions, fill_schema, LIKENESS_DATABASE_URL=schema.url)
    return {"rows": rows}


def pages(bench: Bench, database: str, data, sessions: int, fill: Callable[[], None], **settings: str) -> list[dict]:
    """Has the service make its tables, fills them, and asks it for pages."""
    with Service(bench, data, **settings) as service:
        token = service.token("bench")
        service.token("another")
    fill()
    chance = random.Random(1)

    def anywhere() -> str:
        return f"&before={million.session_id(chance.randrange(sessions))}"

    kinds = {
        "first page": lambda: "",
        "a page anywhere": anywhere,
        "last page": lambda: f"&before={million.session_id(PAGE)}",
        "judged, anywhere": lambda: f"&status=judged{anywhere()}",
        "failed (one in a thousand), anywhere": lambda: f"&status=failed{anywhere()}",
        "erased (none)": lambda: "&status=erased",
    }
    with Service(bench, data, **settings) as service:
        connection = service.connect()
        found = {what: times(connection, token, query, 50 if bench.quick else 300) for what, query in kinds.items()}
    return [row(f"GET /v1/sessions of {sessions}, {database}, {what}, p95", taken) for what, taken in found.items()]


def times(connection, token: str, query: Callable[[], str], requests: int) -> list[float]:
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


def row(what: str, taken: list[float]) -> dict:
    late = taken[len(taken) * 95 // 100]
    return {
        "line": 7, "what": what, "unit": "ms", "likeness": round(late, 2), "reference": None, "ratio": round(late / GOAL_MS, 3),
        "goal": f"≤ {GOAL_MS} ms", "met": late <= GOAL_MS, "median": round(taken[len(taken) // 2], 2), "n": len(taken),
    }
