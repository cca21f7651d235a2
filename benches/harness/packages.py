"""The virtual environment for the reference programs: made once, filled with what a part asks for, joined by the part's process."""

import importlib
import importlib.metadata
import re
import subprocess
import sys
import venv
from pathlib import Path

from harness.unmeasured import NotMeasured


class Packages:
    """Packages in a folder of their own, which the running interpreter takes into its path."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.joined = False

    def need(self, names: tuple[str, ...], dependencies: bool = True) -> dict[str, str]:
        """Makes packages importable, installing what is missing, and says which versions they are."""
        self.join()
        missing = [name for name in names if version(name) is None]
        if missing:
            self.install(missing, dependencies)
        return {bare(name): version(name) for name in names}

    def join(self) -> None:
        if self.joined:
            return
        if not (self.folder / "bin/python").exists():
            # Without pip: Debian keeps what `venv` would install it from in a package of its own.
            venv.create(self.folder, symlinks=True)
        # In front of what the system has, of which it may be another version.
        sys.path[:0] = map(str, self.folder.glob("lib/python*/site-packages"))
        self.joined = True

    def install(self, names: list[str], dependencies: bool) -> None:
        print(f"bench: installing {' '.join(names)}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "pip", "--python", self.folder / "bin/python", "install", "--quiet"]
        command += ["--disable-pip-version-check", *([] if dependencies else ["--no-deps"]), *names]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode != 0:
            why = (made.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise NotMeasured(f"{' '.join(names)} could not be installed: {why}")
        importlib.invalidate_caches()


def bare(requirement: str) -> str:
    """A requirement's name without its version."""
    return re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]


def version(requirement: str) -> str | None:
    """The version that is installed, where it is the one that is asked for."""
    try:
        found = importlib.metadata.version(bare(requirement))
    except importlib.metadata.PackageNotFoundError:
        return None
    _, _, exact = requirement.partition("==")
    return found if exact in ("", found) else None
