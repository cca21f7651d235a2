"""The measurements' pure pieces: the table, the plots, what is known of the machine. No time is measured here."""

import ast
import sys
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

from harness import machine, packages, pairing, plot, table  # noqa: E402

ROW = {"line": 3, "what": "a face", "unit": "ms", "likeness": 12.345, "reference": 15, "reference_name": "goal", "ratio": 0.823, "goal": "≤ 1.0", "met": True}


def result(*rows, **more):
    return {"part": "made-up", "lines": [3], "rows": list(rows), **more}


class Table(unittest.TestCase):
    def test_rows_stand_in_the_order_of_the_goals(self):
        shown = table.lines([result(ROW), result(ROW | {"line": 1, "what": "first", "met": False})])
        self.assertIn("first", shown[1])
        self.assertTrue(shown[1].endswith("missed"))
        self.assertTrue(shown[2].endswith("met"))

    def test_columns_are_aligned(self):
        shown = table.lines([result(ROW, ROW | {"what": "two faces, of which one is far away", "likeness": 1234.5})])
        starts = {line.index(cell) for line, cell in zip(shown, ("reference", "15.0 ms", "15.0 ms"))}
        self.assertEqual(len(starts), 1)

    def test_what_was_not_measured_is_said_with_its_reason(self):
        shown = table.lines([result(not_measured="no weights")])
        self.assertEqual(shown[-1], "not measured: made-up (lines 3): no weights")

    def test_a_row_without_a_figure_shows_none(self):
        row = ROW | {"likeness": None, "reference": None, "reference_name": "", "ratio": None, "met": None}
        self.assertEqual(table.row_cells(row), ("3", "a face", "–", "–", "–", "≤ 1.0", ""))

    def test_a_miss_is_not_rounded_into_a_hit(self):
        row = pairing.ratio_row(1, "w", 1.0004, 1.0, "r", 1.0)
        self.assertFalse(row["met"])
        self.assertEqual(row["ratio"], 1.0)

    def test_markdown_has_as_many_cells_in_every_row(self):
        shown = table.lines([result(ROW)], markdown=True)
        self.assertEqual([line.count("|") for line in shown[:3]], [8, 8, 8])

    def test_figures_are_told_with_three_digits(self):
        self.assertEqual([table.number(value) for value in (0, 0.1234, 1.234, 12.34, 123.4, 12345)], ["0", "0.123", "1.23", "12.3", "123", "12345"])


class Pairing(unittest.TestCase):
    def test_sides_take_turns_and_the_median_counts(self):
        order = []
        figures = {"a": iter([5, 1, 3]), "b": iter([10, 30, 20])}

        def side(name):
            return lambda: order.append(name) or next(figures[name])

        self.assertEqual(pairing.alternate(3, side("a"), side("b")), [3, 20])
        self.assertEqual(order, ["a", "b"] * 3)


class Plot(unittest.TestCase):
    DRAWING = {
        "name": "n", "title": "Time & length", "x": {"label": "s", "log": True}, "y": {"label": "ms <y>"},
        "series": [{"name": "one", "points": [[5, 1], [600, 40]]}, {"name": "two", "points": [[5, 2], [600, 80]]}],
    }

    def test_a_drawing_is_well_formed_and_shows_every_series(self):
        root = xml.fromstring(plot.svg(self.DRAWING))
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        for wanted in ("Time & length", "s", "ms <y>", "one", "two"):
            self.assertIn(wanted, words)
        self.assertEqual(len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))), 2)

    def test_every_point_lies_inside_the_axes(self):
        for log in (False, True):
            axis = plot.Axis({"label": "x", "log": log}, [3, 700], 10, 110)
            self.assertTrue(all(10 <= axis.at(value) <= 110 for value in [3, 700, *axis.ticks]), axis.ticks)

    def test_axes_start_at_zero_or_at_a_round_number(self):
        self.assertEqual(plot.rounds(4.2), [0, 1, 2, 3, 4, 5])
        self.assertEqual(plot.decades([5, 600]), [5, 10, 20, 50, 100, 200, 500, 1000])
        self.assertEqual(plot.decades([0.3, 2]), [0.2, 0.5, 1, 2])


class Machine(unittest.TestCase):
    def test_the_processor_is_named_on_either_kind(self):
        self.assertEqual(machine.processor_and_flags("model name\t: A B\nflags\t\t: avx2 fma\n"), ("A B", {"avx2", "fma"}))
        self.assertEqual(machine.processor_and_flags("Features\t: asimd fp\n"), ("", {"asimd", "fp"}))
        self.assertEqual(machine.memory_gib("MemTotal:       25165824 kB\n"), 24)


class Packages(unittest.TestCase):
    def test_a_requirement_is_met_by_its_version_alone(self):
        self.assertEqual(packages.bare("numpy==2.0"), "numpy")
        self.assertIsNone(packages.version("surely-not-there"))
        found = packages.version("pip")
        self.assertEqual(packages.version(f"pip=={found}"), found)
        self.assertIsNone(packages.version("pip==0.0.1"))


class Parts(unittest.TestCase):
    def test_every_part_says_what_it_measures(self):
        parts = [path for path in (ROOT / "benches/parts").glob("*.py") if path.stem != "__init__"]
        self.assertTrue(parts)
        for path in parts:
            tree = ast.parse(path.read_text())
            names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assigned = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
            self.assertTrue(ast.get_docstring(tree), path)
            self.assertIn("measure", names, path)
            self.assertTrue(set(ast.literal_eval(assigned["LINES"])) <= set(range(1, 9)), path)


if __name__ == "__main__":
    unittest.main()
