//! The chips, the reference numbers beside them, and how far two vectors lie apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use likeness::vision::picture::{Picture, PictureLimits};
use serde::de::DeserializeOwned;

use crate::weights::root;

/// What an origin says of each chip, by the chip's name.
pub(super) type Vectors = BTreeMap<String, Vec<f32>>;

pub(super) fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures/vision").join(path)
}

pub(super) fn picture(path: &str) -> Picture {
    let limits = PictureLimits {
        max_pixels: 1_000_000,
    };
    Picture::open(&fixture(path), &limits).expect("a fixture opens")
}

pub(super) fn reference<T: DeserializeOwned>(path: &str) -> T {
    let text = fs::read_to_string(fixture(path)).expect("a reference reads");
    serde_json::from_str(&text).expect("a reference is JSON")
}

/// The chips that `vectors` speak of, in their order.
pub(super) fn chips(vectors: &Vectors) -> Vec<Picture> {
    let names = vectors.keys();
    names
        .map(|name| picture(&format!("chips/{name}.png")))
        .collect()
}

pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Asserts that each vector points the way of its reference and is as long.
pub(super) fn assert_agree(found: &[Vec<f32>], expected: &Vectors, least: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, (name, expected)) in found.iter().zip(expected) {
        assert_eq!(found.len(), expected.len(), "{name}");
        let cosine = cosine(found, expected);
        assert!(cosine >= least, "{name}: cosine {cosine}");
        let lengths = (dot(found, found) / dot(expected, expected)).sqrt();
        assert!(
            (lengths - 1.0).abs() < 1e-3,
            "{name}: {lengths} times as long"
        );
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b);
    products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}
