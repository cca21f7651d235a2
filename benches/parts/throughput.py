"""Sessions a second over HTTP, by how many clients ask at once, and what a session in flight holds in memory."""

import shutil
import threading
import time

import clip
from harness import form
from harness.bench import Bench
from harness.service import Service
from harness.unmeasured import NotMeasured

LINES = [5]
GOAL = 0.9
CLIENTS = [1, 2, 4, 8]
# Examinations at a time, for the memory of one.
IN_FLIGHT = [1, 2, 8]


def measure(bench: Bench) -> dict:
    if shutil.which("taskset") is None:
        raise NotMeasured("taskset (util-linux) is not there to hold the service to one core")
    document, video = bench.root / "samples/genuine/document.jpg", clip.make(bench.scratch / "clip.mp4")
    clients = sorted({*CLIENTS, 4 * bench.threads})
    rounds = 2 if bench.quick else 5

    def served(name: str, counts: list[int], prefix: tuple[str, ...] = (), **settings: str) -> tuple[dict[int, float], float]:
        """Sessions a second of each number of clients, and how much the memory grew, in MiB."""
        with Service(bench, bench.scratch / name, prefix, **settings) as service:
            form.asker(service, document, video)()
            idle = held(service)
            rates = {count: rate(service, document, video, count, rounds) for count in counts}
            return rates, held(service, peak=True) - idle

    one, _ = served("one", [1], ("taskset", "-c", "0"))
    all_cores, _ = served("all", clients, LIKENESS_MAX_AWAITED=str(max(clients)))
    memory = {count: served(f"flight-{count}", [count], LIKENESS_WORKERS=str(count))[1] for count in IN_FLIGHT}
    most = 4 * bench.threads
    ratio = all_cores[most] / (bench.threads * one[1])
    row = {
        "line": 5, "what": f"{most} clients", "unit": "sessions/s", "likeness": round(all_cores[most], 3), "reference": round(bench.threads * one[1], 3),
        "reference_name": f"{bench.threads} × one core with one client", "ratio": round(ratio, 3), "goal": f"≥ {GOAL}", "met": ratio >= GOAL, "n": most * rounds,
    }
    memories = [
        {
            "line": 5, "what": f"memory of each of {count} sessions in flight", "unit": "MiB", "likeness": round(grown / count, 1), "reference": None,
            "reference_name": "", "ratio": None, "goal": "stated", "met": True, "n": count * rounds,
        }
        for count, grown in memory.items()
    ]
    points = [[count, round(found, 3)] for count, found in all_cores.items()]
    plot = {
        "name": "throughput-over-clients",
        "title": f"Examinations of a clip of 12 s over HTTP, {bench.threads} cores",
        "x": {"label": "clients asking at once", "ticks": clients},
        "y": {"label": "sessions a second"},
        "series": [
            {"name": "likeness serve", "points": points},
            {"name": f"{bench.threads} × one core with one client", "points": [[count, round(bench.threads * one[1], 3)] for count in clients]},
        ],
    }
    return {"rows": [row, *memories], "one_core": round(one[1], 3), "series": points, "plots": [plot]}


def rate(service: Service, document, video, clients: int, rounds: int) -> float:
    """Sessions a second while so many clients ask, each as soon as it was answered."""
    asks = [form.asker(service, document, video) for _ in range(clients)]
    failures = []

    def client(ask) -> None:
        try:
            for _ in range(rounds):
                ask()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=client, args=(ask,)) for ask in asks]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - started
    if failures:
        raise failures[0]
    return clients * rounds / taken


def held(service: Service, peak: bool = False) -> float:
    """MiB that the service holds, or held at most."""
    key = "VmHWM:" if peak else "VmRSS:"
    with open(f"/proc/{service.process.pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))
