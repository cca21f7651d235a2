"""What a part is given: the built program, a folder for its files, packages to compare with, and how much to measure."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from harness.packages import Packages
from harness.unmeasured import NotMeasured

# Settings of the user's own service must not reach a measurement; where the models lie may.
KEPT = {"LIKENESS_MODELS", "LIKENESS_MIRROR"}


class Bench:
    """The tools of one part, for as long as it measures."""

    def __init__(self, root: Path, binary: Path, scratch: Path, quick: bool, pictures: Path | None):
        self.root = root
        self.binary = binary
        self.scratch = scratch
        self.quick = quick
        self.pictures = pictures
        self.threads = len(os.sched_getaffinity(0))
        self.versions: dict[str, str] = {}
        self.packages = Packages(root / "target/bench-venv")

    def need(self, *names: str, dependencies: bool = True) -> None:
        """Makes packages importable, by name or as name==version; ask before the first import of any."""
        self.versions |= self.packages.need(names, dependencies)

    def pack(self, name: str) -> Path:
        """The converted weights of a pack."""
        path = Path(os.environ.get("LIKENESS_MODELS", self.root / "models")) / "cache" / f"{name}.safetensors"
        if not path.exists():
            raise NotMeasured(f"the weights of {name} are not in models/cache: run `likeness models pull`")
        return path

    def likeness(self, *arguments: object, **settings: str) -> Any:
        """Runs `likeness ARGUMENTS… --json` with these settings (LIKENESS_…) and reads its answer."""
        command = [str(self.binary), *map(str, arguments), "--json"]
        done = subprocess.run(command, cwd=self.root, env=self.environment(**settings), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout)

    def environment(self, **settings: str) -> dict[str, str]:
        """The caller's environment with only a part's own settings of likeness in it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_") or name in KEPT}
        return inherited | settings
