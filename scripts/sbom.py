"""Writes the bill of materials of the program as CycloneDX 1.5 in JSON: every crate that is built into it, and the models.

    scripts/sbom.py OUT.json

It names what Cargo.lock pins, each crate with its licence, its hash and its own dependencies, and the model packs of the
manifest with the hashes of their files. What it writes depends on the sources alone, so that two runs can be compared.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "likeness"


def metadata() -> dict:
    """What cargo knows of the packages, for the system that the program is shipped for."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def built_in(known: dict) -> dict[str, list[str]]:
    """The packages that the program is built of, each with those it needs; what only tests need is left out."""
    nodes = {node["id"]: node for node in known["resolve"]["nodes"]}
    root = next(package["id"] for package in known["packages"] if package["name"] == PROGRAM)
    found: dict[str, list[str]] = {}
    left = [root]
    while left:
        package = left.pop()
        if package in found:
            continue
        needs = [
            dependency["pkg"]
            for dependency in nodes[package]["deps"]
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
        ]
        found[package] = sorted(set(needs))
        left.extend(needs)
    return found


def checksums() -> dict[tuple[str, str], str]:
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(one["name"], one["version"]): one["checksum"] for one in lock["package"] if "checksum" in one}


def reference(package: dict) -> str:
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package: dict, hashes: dict) -> dict:
    made = {
        "type": "application" if package["name"] == PROGRAM else "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
    }
    if package["source"]:
        made["purl"] = reference(package)
    checksum = hashes.get((package["name"], package["version"]))
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["license"]:
        # Older crates part alternatives with a slash.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return made


def models() -> list[dict]:
    manifest = json.loads((ROOT / "models/manifest.json").read_text())
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{pack['name']}",
            "name": pack["name"],
            "components": [
                {
                    "type": "file",
                    "name": file["name"],
                    "hashes": [{"alg": "SHA-256", "content": file["sha256"]}],
                    "licenses": [{"license": {"name": file["licence"]}}],
                }
                for file in pack["files"]
            ],
        }
        for pack in manifest["packs"]
    ]


def bill(known: dict) -> dict:
    packages = {package["id"]: package for package in known["packages"]}
    hashes = checksums()
    needs = built_in(known)
    parts = sorted((packages[id] for id in needs), key=reference)
    program = next(package for package in parts if package["name"] == PROGRAM)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(program, hashes)},
        "components": [component(package, hashes) for package in parts if package is not program] + models(),
        "dependencies": [
            {"ref": reference(package), "dependsOn": sorted(reference(packages[id]) for id in needs[package["id"]])}
            for package in parts
        ],
    }


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    written = bill(metadata())
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(written, indent=1) + "\n")
    print(f"sbom: {out} names {len(written['components'])} components", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
