//! The manifest that is shipped, and manifests that must be refused with the place of their fault.

use std::fs;
use std::path::Path;

use likeness::packs::folder::ModelsFolder;
use likeness::packs::manifest::{
    Calibration, CalibrationPoint, CalibrationRun, Manifest, PackKind, Source,
};
use serde_json::{Value, json};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/manifest.json");

/// The shipped manifest with one place changed; what is said of it.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&fs::read_to_string(SHIPPED).unwrap()).unwrap();
    change(&mut value);
    let error = Manifest::parse(&value.to_string(), Path::new("manifest.json")).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("manifest.json: at /"), "{error}");
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn the_shipped_manifest_is_in_order_of_preference() {
    let manifest = Manifest::load(Path::new(SHIPPED)).unwrap();
    assert_eq!(manifest, Manifest::built_in().unwrap());
    let embedders: Vec<&str> = manifest
        .of_kind(PackKind::Embedder)
        .map(|pack| pack.name.as_str())
        .collect();
    assert_eq!(embedders, ["retail-0095", "dlib"]);
    let licences: Vec<&str> = manifest
        .packs
        .iter()
        .flat_map(|pack| &pack.files)
        .map(|file| file.licence.as_str())
        .collect();
    assert_eq!(
        licences,
        [
            "MIT",
            "MIT",
            "MIT",
            "Apache-2.0",
            "CC0-1.0",
            "Apache-2.0",
            "Apache-2.0",
            "Apache-2.0"
        ]
    );
}

#[test]
fn a_manifest_is_written_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let shipped = Manifest::load(Path::new(SHIPPED)).unwrap();
    shipped.save(&path).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        fs::read_to_string(SHIPPED).unwrap()
    );
}

#[test]
fn a_folder_without_a_manifest_uses_the_built_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let folder = ModelsFolder::new(dir.path());
    let mut manifest = folder.manifest().unwrap();
    assert_eq!(manifest, Manifest::built_in().unwrap());
    manifest.packs[0].description = "my own".to_owned();
    manifest.save(&folder.manifest_path()).unwrap();
    assert_eq!(folder.manifest().unwrap(), manifest);
}

#[test]
fn the_place_of_a_fault_is_named() {
    type Change = fn(&mut Value);
    let faults: [(Change, &str); 11] = [
        (
            |m| m["packs"][1]["files"][0]["sha256"] = json!("ab"),
            "/packs/1/files/0/sha256",
        ),
        (
            |m| m["packs"][0]["files"][2]["bytes"] = json!(-1),
            "/packs/0/files/2/bytes",
        ),
        (
            |m| m["packs"][0]["files"][0]["name"] = json!("../x"),
            "/packs/0/files/0/name",
        ),
        (|m| m["packs"][2]["name"] = json!(".."), "/packs/2/name"),
        (
            |m| m["packs"][2]["files"][0]["sources"] = json!([]),
            "/packs/2/files/0/sources",
        ),
        (
            |m| m["packs"][1]["files"][0]["sources"][0]["url"] = json!("file:///etc/passwd"),
            "/packs/1/files/0/sources/0/url",
        ),
        (
            |m| m["packs"][2]["files"][0]["sources"][0]["version"] = json!("1 --index-url=x"),
            "/packs/2/files/0/sources/0/version",
        ),
        (
            |m| m["packs"][2]["files"][0]["sources"][0]["archive"] = json!("../x.whl"),
            "/packs/2/files/0/sources/0/archive",
        ),
        (
            |m| m["packs"][1]["input"]["mean"] = json!([0, 0]),
            "/packs/1/input/mean",
        ),
        (|m| m["packs"][2]["name"] = json!("mtcnn"), "/packs/2/name"),
        (
            |m| m["packs"][1]["accuracy"][0]["origin"] = json!("measured"),
            "/packs/1/accuracy/0",
        ),
    ];
    for (change, place) in faults {
        let error = refused(change);
        assert!(error.contains(&format!("at {place}: ")), "{place}: {error}");
    }
    let error = refused(|m| m["packs"].as_array_mut().unwrap().truncate(1));
    assert!(error.contains("/packs"), "{error}");
    let error = refused(|m| m["surprise"] = json!(1));
    assert!(error.contains("surprise"), "{error}");
    let nothing = Manifest::parse("{", Path::new("manifest.json")).unwrap_err();
    assert!(nothing.to_string().contains("is not JSON"), "{nothing}");
}

#[test]
fn a_calibration_rises() {
    let mut manifest = Manifest::built_in().unwrap();
    let point = |percentage, similarity| CalibrationPoint {
        percentage,
        similarity,
        fitted: false,
    };
    let calibration = |points| Calibration {
        points,
        run: CalibrationRun {
            command: "likeness eval --calibrate".to_owned(),
            data: "pairs".to_owned(),
            date: "2026-01-01".to_owned(),
            machine: "one".to_owned(),
            pictures: 2,
            impostor_pairs: 1,
        },
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    manifest.packs[1].calibration = Some(calibration(vec![point(0.0, 0.1), point(100.0, 1.0)]));
    manifest.save(&path).unwrap();
    assert_eq!(Manifest::load(&path).unwrap(), manifest);
    let falling = vec![point(0.0, 0.1), point(50.0, 0.4), point(80.0, 0.3)];
    manifest.packs[1].calibration = Some(calibration(falling));
    let error = manifest.save(&path).unwrap_err().to_string();
    assert!(
        error.contains("at /packs/1/calibration/points/2: "),
        "{error}"
    );
}

#[test]
fn every_source_says_what_it_is() {
    for pack in Manifest::built_in().unwrap().packs {
        for source in pack.files.iter().flat_map(|file| &file.sources) {
            let said = source.to_string();
            match source {
                Source::Url { url } => assert_eq!(&said, url),
                Source::Package(package) => assert!(said.contains(&package.version)),
            }
        }
    }
}
