//! Opening packs from the cache: every byte is checked, conversion happens once, tampering stops it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use likeness::packs::cache::{FileState, open, open_with};
use likeness::packs::error::PackError;
use likeness::packs::manifest::{Format, Manifest, ModelFile, PackKind};
use likeness::packs::pull::prepare;
use likeness::packs::verify::{is_usable, verify};

use crate::packs::helpers::{Place, file, pack, url};

/// As many bytes as the constants of retail-0095 take; all of them may be zero.
const LENGTH: usize = 2_213_628;

/// A file of weights that a reader accepts; `mark` makes it differ from others.
fn weights(name: &str, mark: u8) -> (ModelFile, Vec<u8>) {
    let mut bytes = vec![0; LENGTH];
    bytes[0] = mark;
    let file = ModelFile {
        format: Format::OpenvinoBin,
        ..file(name, &bytes, vec![url("http://localhost/")])
    };
    (file, bytes)
}

/// A detector of two files and two embedders, everything in the cache.
fn filled(place: &Place) -> Manifest {
    fs::create_dir_all(place.cache.dir()).unwrap();
    let put = |name: &str, mark: u8| {
        let (file, bytes) = weights(name, mark);
        fs::write(place.cache.original(&file), bytes).unwrap();
        file
    };
    Manifest {
        packs: vec![
            pack(
                "faces",
                PackKind::Detector,
                vec![put("f.one", 1), put("f.two", 2)],
            ),
            pack("better", PackKind::Embedder, vec![put("b", 3)]),
            pack("weaker", PackKind::Embedder, vec![put("w", 4)]),
        ],
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_first_complete_embedder_is_opened_and_converted_once() {
    let place = Place::new();
    let manifest = filled(&place);
    let packs = open(&manifest, &place.cache).unwrap();
    assert_eq!(packs.detector.pack.name, "faces");
    assert_eq!(packs.embedder.pack.name, "better");
    assert!(!packs.weaker);
    let weights = &packs.embedder.weights;
    let bytes = fs::read(weights).unwrap();
    let inode = fs::metadata(weights).unwrap().ino();
    let again = open(&manifest, &place.cache).unwrap();
    assert_eq!(fs::metadata(&again.embedder.weights).unwrap().ino(), inode);
    fs::remove_file(weights).unwrap();
    open(&manifest, &place.cache).unwrap();
    assert_eq!(fs::read(weights).unwrap(), bytes, "made anew, the same");
}

#[test]
fn a_converted_file_says_what_it_was_made_of() {
    let place = Place::new();
    let manifest = filled(&place);
    let packs = open(&manifest, &place.cache).unwrap();
    let bytes = fs::read(packs.detector.weights).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let papers = &header.metadata().as_ref().unwrap()["likeness"];
    let papers: serde_json::Value = serde_json::from_str(papers).unwrap();
    for file in &manifest.packs[0].files {
        assert_eq!(papers["originals"][&file.name], file.sha256.as_str());
    }
    assert!(papers["converter"].is_u64());
    let tensors = header.tensors();
    assert!(
        tensors
            .keys()
            .all(|name| name.starts_with("one.") || name.starts_with("two."))
    );
    assert!(tensors.contains_key("two.head.embed.weight"));
}

#[test]
fn without_the_preferred_one_the_other_is_the_weaker() {
    let place = Place::new();
    let manifest = filled(&place);
    let better = &manifest.packs[1];
    assert!(open_with(&manifest, &place.cache, "weaker").unwrap().weaker);
    fs::remove_file(place.cache.original(&better.files[0])).unwrap();
    let packs = open(&manifest, &place.cache).unwrap();
    assert_eq!(packs.embedder.pack.name, "weaker");
    assert!(packs.weaker);
    let error = open_with(&manifest, &place.cache, "better").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("likeness models pull --pack better"),
        "{error}"
    );
    let error = open_with(&manifest, &place.cache, "faces").unwrap_err();
    assert!(matches!(error, PackError::NotAnEmbedder { .. }));
}

#[test]
fn what_a_service_can_do_without_is_absent_or_right() {
    let place = Place::new();
    let mut manifest = filled(&place);
    let (one, bytes) = weights("l.one", 5);
    let (two, others) = weights("l.two", 6);
    manifest.packs.push(pack(
        "live",
        PackKind::Liveness,
        vec![one.clone(), two.clone()],
    ));
    let packs = open(&manifest, &place.cache).unwrap();
    assert!(packs.landmarks.is_none() && packs.liveness.is_none());
    // Half of a pack is none.
    fs::write(place.cache.original(&one), bytes).unwrap();
    assert!(open(&manifest, &place.cache).unwrap().liveness.is_none());
    fs::write(place.cache.original(&two), &others).unwrap();
    let packs = open(&manifest, &place.cache).unwrap();
    assert_eq!(packs.liveness.unwrap().pack.name, "live");
    // A wrong file is no reason to do without.
    flip(&place.cache.original(&two));
    let error = open(&manifest, &place.cache).unwrap_err();
    assert!(matches!(error, PackError::Tampered { .. }), "{error}");
}

#[test]
fn an_empty_cache_says_what_to_do() {
    let place = Place::new();
    let manifest = filled(&place);
    fs::remove_dir_all(place.cache.dir()).unwrap();
    let error = open(&manifest, &place.cache).unwrap_err().to_string();
    assert!(error.contains("likeness models pull"), "{error}");
}

#[test]
fn an_original_that_was_tampered_with_stops_it() {
    let place = Place::new();
    let manifest = filled(&place);
    open(&manifest, &place.cache).unwrap();
    // Nothing else is chosen in its stead, though another embedder is complete.
    for file in [&manifest.packs[0].files[1], &manifest.packs[1].files[0]] {
        let path = place.cache.original(file);
        flip(&path);
        let error = open(&manifest, &place.cache).unwrap_err();
        assert!(matches!(&error, PackError::Tampered { path: named, .. } if *named == path));
        assert!(
            error.to_string().contains("likeness models pull"),
            "{error}"
        );
        flip(&path);
        open(&manifest, &place.cache).unwrap();
    }
}

#[test]
fn a_converted_file_that_was_tampered_with_stops_it_until_it_is_prepared_anew() {
    let place = Place::new();
    let manifest = filled(&place);
    let weights = open(&manifest, &place.cache).unwrap().embedder.weights;
    flip(&weights);
    let error = open(&manifest, &place.cache).unwrap_err();
    assert!(matches!(&error, PackError::Tampered { path, .. } if *path == weights));
    prepare(&manifest, &place.cache, &["better".to_owned()]).unwrap();
    open(&manifest, &place.cache).unwrap();
}

#[test]
fn other_originals_are_converted_anew() {
    let place = Place::new();
    let mut manifest = filled(&place);
    let before = fs::read(open(&manifest, &place.cache).unwrap().embedder.weights).unwrap();
    let (file, bytes) = weights("b", 9);
    fs::write(place.cache.original(&file), bytes).unwrap();
    manifest.packs[1].files[0] = file;
    let after = fs::read(open(&manifest, &place.cache).unwrap().embedder.weights).unwrap();
    assert_ne!(before, after);
}

#[test]
fn verify_finds_a_flipped_byte_wherever_it_is() {
    let place = Place::new();
    let manifest = filled(&place);
    let packs = open(&manifest, &place.cache).unwrap();
    let wrong = || -> Vec<String> {
        let checked = verify(&manifest, &place.cache).unwrap();
        let wrong = checked
            .iter()
            .filter(|file| matches!(file.state, FileState::Wrong(_)));
        wrong.map(|file| file.file.clone()).collect()
    };
    assert_eq!(wrong(), [""; 0]);
    let original = place.cache.original(&manifest.packs[0].files[0]);
    flip(&original);
    assert_eq!(wrong(), ["f.one"]);
    let checked = verify(&manifest, &place.cache).unwrap();
    assert!(!is_usable(&manifest, &checked, PackKind::Detector));
    assert!(is_usable(&manifest, &checked, PackKind::Embedder));
    flip(&original);
    // A forged record beside forged weights passes for the weights, but not here.
    let weights = &packs.embedder.weights;
    let old = likeness::packs::hash::sha256_file(weights).unwrap();
    flip(weights);
    let new = likeness::packs::hash::sha256_file(weights).unwrap();
    let record = place.cache.dir().join("better.safetensors.json");
    let forged = fs::read_to_string(&record).unwrap().replace(&old, &new);
    fs::write(&record, forged).unwrap();
    assert_eq!(wrong(), ["better (converted)"]);
}

#[test]
fn verify_names_what_is_missing() {
    let place = Place::new();
    let manifest = filled(&place);
    fs::remove_file(place.cache.original(&manifest.packs[1].files[0])).unwrap();
    let checked = verify(&manifest, &place.cache).unwrap();
    let missing: Vec<_> = checked
        .iter()
        .filter(|file| file.state == FileState::Missing)
        .collect();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].file, "b");
    assert!(is_usable(&manifest, &checked, PackKind::Embedder));
}
