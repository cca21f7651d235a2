"""The bill of materials: whole, of one piece, and of what is built in alone."""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import sbom  # noqa: E402


class Bill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bill = sbom.bill(sbom.metadata())
        cls.parts = {part["bom-ref"]: part for part in cls.bill["components"]}

    def test_every_crate_has_a_licence_and_a_hash(self):
        crates = [part for part in self.parts.values() if "purl" in part]
        self.assertGreater(len(crates), 200)
        for crate in crates:
            self.assertTrue(crate["licenses"][0]["expression"], crate["name"])
            self.assertRegex(crate["hashes"][0]["content"], "^[0-9a-f]{64}$", crate["name"])

    def test_every_dependency_is_a_component(self):
        program = self.bill["metadata"]["component"]["bom-ref"]
        known = {program, *self.parts}
        listed = [line["ref"] for line in self.bill["dependencies"]]
        self.assertEqual(len(listed), len(set(listed)))
        for line in self.bill["dependencies"]:
            self.assertLessEqual({line["ref"], *line["dependsOn"]}, known)

    def test_it_names_what_is_built_in_and_not_what_tests_need(self):
        names = {part["name"] for part in self.parts.values()}
        self.assertLessEqual({"actix-web", "rustls", "kernels", "migrations"}, names)
        self.assertFalse({"proptest", "rcgen", "s3s"} & names)

    def test_the_models_are_in_it_with_the_hashes_of_their_files(self):
        models = [part for part in self.parts.values() if part["type"] == "machine-learning-model"]
        self.assertTrue(models)
        for model in models:
            for file in model["components"]:
                self.assertRegex(file["hashes"][0]["content"], "^[0-9a-f]{64}$")

    def test_two_runs_write_the_same(self):
        self.assertEqual(self.bill, sbom.bill(sbom.metadata()))


if __name__ == "__main__":
    unittest.main()
