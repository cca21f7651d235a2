"""The table of docs/reliability.md from made-up figures."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import reliability  # noqa: E402

REPORT = {"full": True, "date": "2026-11-29", "cores": 2, "memory_gib": 24, "commit": "abc"}
MEMORY = {"requests": 20000, "warm_up": 5000, "resident_mib": [100, 101], "growth_percent": 0.5, "descriptors": [30, 31]}


class Table(unittest.TestCase):
    def shown(self, **reports: dict) -> str:
        with tempfile.TemporaryDirectory() as folder:
            for part, figures in reports.items():
                Path(folder, f"{part}.json").write_text(json.dumps(REPORT | {"part": part, "figures": figures}))
            return reliability.table(Path(folder))

    def test_what_was_run_stands_there_and_what_was_not_is_said_so(self):
        shown = self.shown(memory=MEMORY)
        self.assertIn("| requests of every kind | 20 000, the first 5 000 to warm up | memory 100 → 101 MiB: 0.50 %", shown)
        self.assertIn("| crash | not run |", shown)

    def test_figures_of_other_tests_are_not_passed_over(self):
        self.assertIn("| storm | | sessions made 1000 |", self.shown(storm={"sessions_made": 1000}))


if __name__ == "__main__":
    unittest.main()
