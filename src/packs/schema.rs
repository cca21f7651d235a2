//! Holds a manifest against `models/manifest.schema.json`, and then against what a schema cannot say.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::packs::error::{PackError, one_line};
use crate::packs::manifest::Manifest;

/// The JSON Schema of manifests.
const SCHEMA: &str = include_str!("../../models/manifest.schema.json");

/// The first thing that the schema refuses, with its JSON pointer.
pub(crate) fn check(value: &Value, path: &Path) -> Result<(), PackError> {
    let schema: Value =
        serde_json::from_str(SCHEMA).map_err(|e| PackError::BrokenSchema(e.to_string()))?;
    let validator = jsonschema::draft202012::new(&schema)
        .map_err(|e| PackError::BrokenSchema(e.to_string()))?;
    match validator.iter_errors(value).next() {
        None => Ok(()),
        Some(error) => {
            let pointer = error.instance_path().as_str().to_owned();
            Err(invalid(path, pointer, &error.to_string()))
        }
    }
}

/// Names are used as file names and on the command line, so each stands for one thing only; a
/// calibration rises, or a percentage would mean nothing.
pub(crate) fn check_sense(manifest: &Manifest, path: &Path) -> Result<(), PackError> {
    let mut packs = HashSet::new();
    let mut files = HashSet::new();
    for (i, pack) in manifest.packs.iter().enumerate() {
        if !packs.insert(&pack.name) {
            let pointer = format!("/packs/{i}/name");
            return Err(invalid(path, pointer, "another pack has this name"));
        }
        for (j, file) in pack.files.iter().enumerate() {
            if !files.insert(&file.name) {
                let pointer = format!("/packs/{i}/files/{j}/name");
                return Err(invalid(path, pointer, "another file has this name"));
            }
        }
        let points = pack.calibration.iter().flat_map(|c| c.points.windows(2));
        for (j, pair) in points.enumerate() {
            if let [low, high] = pair
                && !(low.percentage < high.percentage && low.similarity < high.similarity)
            {
                let pointer = format!("/packs/{i}/calibration/points/{}", j + 1);
                return Err(invalid(path, pointer, "lies not above the point before it"));
            }
        }
    }
    Ok(())
}

fn invalid(path: &Path, pointer: String, reason: &str) -> PackError {
    let pointer = if pointer.is_empty() {
        "/".to_owned()
    } else {
        pointer
    };
    PackError::ManifestInvalid {
        path: path.to_path_buf(),
        pointer,
        reason: one_line(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_one() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
    }
}
