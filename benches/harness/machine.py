"""What a measurement was made on and with: processor, memory, system, versions, date."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

# What the kernels and the reference programs choose their way of computing by.
TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8", "asimd")


def facts(root: Path, binary: Path) -> dict:
    """The circumstances of a run."""
    processor, flags = processor_and_flags(read("/proc/cpuinfo"))
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "instructions": [flag for flag in TELLING_FLAGS if flag in flags],
        "memory_gib": memory_gib(read("/proc/meminfo")),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "likeness": said_by([str(binary), "--version"]).removeprefix("likeness "),
        "commit": commit(root),
    }


def sentence(facts: dict) -> str:
    """The same in one line, to stand above a table."""
    return (
        f"{facts['date']}, {facts['cores']} × {facts['processor']} ({', '.join(facts['instructions'])}), "
        f"{facts['memory_gib']} GiB, {facts['system']}, likeness {facts['likeness']} at {facts['commit']}"
    )


def processor_and_flags(cpuinfo: str) -> tuple[str, set[str]]:
    """The processor's name and everything it says it can do (`flags` on x86, `Features` on ARM)."""
    lines = [line.partition(":") for line in cpuinfo.splitlines()]
    found = {key.strip(): value.strip() for key, _, value in lines}
    return found.get("model name", ""), set(found.get("flags", found.get("Features", "")).split())


def memory_gib(meminfo: str) -> int | None:
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return round(int(line.split()[1]) / 2**20)
    return None


def commit(root: Path) -> str:
    """The commit that was measured, with a plus where files differ from it."""
    known = said_by(["git", "-C", str(root), "rev-parse", "--short", "HEAD"])
    changed = said_by(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benches/results"])
    return known + ("+" if known and changed else "")


def said_by(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
    except OSError:
        return ""


def read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
