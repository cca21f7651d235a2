//! Which packs are fetched: preferred ones first, present ones not again, mirrors by content.

use std::fs;

use likeness::packs::cache::FileState;
use likeness::packs::error::PackError;
use likeness::packs::manifest::{Manifest, ModelFile, PackKind};
use likeness::packs::pull::{PullOptions, pull};

use crate::packs::helpers::{Lines, Place, file, nowhere, ok, pack, serve, url};

const FACES: &[u8] = b"weights that find";
const BETTER: &[u8] = b"weights that compare well";
const WEAKER: &[u8] = b"weights that compare";

/// A detector and two embedders, each with one source.
fn manifest(faces: &str, better: &str, weaker: &str) -> Manifest {
    let one = |name: &str, content: &[u8], address: &str| -> Vec<ModelFile> {
        vec![file(name, content, vec![url(address)])]
    };
    Manifest {
        packs: vec![
            pack("faces", PackKind::Detector, one("f", FACES, faces)),
            pack("better", PackKind::Embedder, one("b", BETTER, better)),
            pack("weaker", PackKind::Embedder, one("w", WEAKER, weaker)),
        ],
    }
}

#[test]
fn the_preferred_embedder_is_enough() {
    let place = Place::new();
    let manifest = manifest(&serve(ok(FACES)), &serve(ok(BETTER)), &nowhere());
    let lines = Lines::default();
    let report = pull(&manifest, &place.cache, &PullOptions::default(), &lines).unwrap();
    assert_eq!(report.ready, ["faces", "better"]);
    assert_eq!(report.weaker, None);
    assert_eq!(place.cached(), ["b.dat", "f.dat"]);
}

#[test]
fn the_weaker_embedder_is_chosen_with_one_plain_line() {
    let place = Place::new();
    let unreachable = nowhere();
    let manifest = manifest(&serve(ok(FACES)), &unreachable, &serve(ok(WEAKER)));
    let lines = Lines::default();
    let report = pull(&manifest, &place.cache, &PullOptions::default(), &lines).unwrap();
    assert_eq!(report.ready, ["faces", "weaker"]);
    assert!(lines.taken().is_empty(), "{:?}", lines.taken());
    let said = report.weaker.unwrap().to_string();
    assert!(!said.contains('\n'), "{said}");
    for part in ["weaker", &unreachable, "--pack better", "--mirror DIR"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn a_kind_that_is_not_needed_may_be_out_of_reach() {
    let place = Place::new();
    let unreachable = nowhere();
    let mut manifest = manifest(&serve(ok(FACES)), &serve(ok(BETTER)), &nowhere());
    let optional = |name: &str, kind: PackKind, address: &str| {
        pack(
            name,
            kind,
            vec![file(name, name.as_bytes(), vec![url(address)])],
        )
    };
    manifest.packs.extend([
        optional("points", PackKind::Landmarks, &serve(ok(b"points"))),
        optional("live", PackKind::Liveness, &unreachable),
    ]);
    let options = PullOptions::default();
    let report = pull(&manifest, &place.cache, &options, &Lines::default()).unwrap();
    assert_eq!(report.ready, ["faces", "better", "points"]);
    assert_eq!(report.weaker, None);
    let [absent] = report.absent.as_slice() else {
        panic!("{:?}", report.absent);
    };
    let said = absent.to_string();
    assert!(!said.contains('\n'), "{said}");
    for part in [
        "without liveness",
        &unreachable,
        "--pack live",
        "--mirror DIR",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    // Whoever asks for it by its name is told that it failed.
    let named = PullOptions {
        packs: vec!["live".to_owned()],
        ..PullOptions::default()
    };
    assert!(pull(&manifest, &place.cache, &named, &Lines::default()).is_err());
}

#[test]
fn nothing_is_fetched_twice() {
    let place = Place::new();
    let options = PullOptions::default();
    // Each address answers once: a second question would fail.
    let manifest = manifest(&serve(ok(FACES)), &serve(ok(BETTER)), &nowhere());
    let first = pull(&manifest, &place.cache, &options, &Lines::default()).unwrap();
    let second = pull(&manifest, &place.cache, &options, &Lines::default()).unwrap();
    assert_eq!(first.fetched, ["f", "b"]);
    assert!(second.fetched.is_empty());
    assert_eq!(second.ready, first.ready);
}

#[test]
fn a_wrong_file_in_the_cache_is_fetched_anew() {
    let place = Place::new();
    let manifest = manifest(&serve(ok(FACES)), &serve(ok(BETTER)), &nowhere());
    let detector = &manifest.packs[0].files[0];
    fs::create_dir(place.cache.dir()).unwrap();
    fs::write(place.cache.original(detector), b"weights that feign").unwrap();
    let lines = Lines::default();
    pull(&manifest, &place.cache, &PullOptions::default(), &lines).unwrap();
    assert_eq!(place.cache.state(detector).unwrap(), FileState::Right);
    assert!(lines.taken()[0].contains("f.dat was not what the manifest names"));
}

#[test]
fn all_fetches_every_pack_and_reports_the_one_that_failed() {
    let place = Place::new();
    let manifest = manifest(&serve(ok(FACES)), &nowhere(), &serve(ok(WEAKER)));
    let options = PullOptions {
        all: true,
        ..PullOptions::default()
    };
    let error = pull(&manifest, &place.cache, &options, &Lines::default()).unwrap_err();
    assert!(matches!(error, PackError::Unavailable { file, .. } if file == "b"));
    assert_eq!(place.cached(), ["f.dat", "w.dat"]);
}

#[test]
fn a_pack_asked_for_by_name_comes_alone() {
    let place = Place::new();
    let manifest = manifest(&nowhere(), &nowhere(), &serve(ok(WEAKER)));
    let named = |name: &str| PullOptions {
        packs: vec![name.to_owned()],
        ..PullOptions::default()
    };
    let report = pull(&manifest, &place.cache, &named("weaker"), &Lines::default()).unwrap();
    assert_eq!(report.ready, ["weaker"]);
    let error = pull(&manifest, &place.cache, &named("none"), &Lines::default()).unwrap_err();
    assert!(
        error.to_string().contains("faces, better, weaker"),
        "{error}"
    );
}

#[test]
fn a_mirror_gives_files_by_their_content() {
    let place = Place::new();
    let mirror = place.path("mirror");
    fs::create_dir(&mirror).unwrap();
    fs::write(mirror.join("anything.xyz"), FACES).unwrap();
    fs::write(mirror.join("b.dat"), b"weights that compare ill!").unwrap();
    let manifest = manifest(&nowhere(), &nowhere(), &serve(ok(WEAKER)));
    let options = PullOptions {
        mirror: Some(mirror.clone()),
        ..PullOptions::default()
    };
    let lines = Lines::default();
    let report = pull(&manifest, &place.cache, &options, &lines).unwrap();
    assert_eq!(report.ready, ["faces", "weaker"]);
    let lines = lines.taken();
    assert!(
        lines[0].contains("f: from") && lines[0].contains("anything.xyz"),
        "{lines:?}"
    );
    assert!(lines[1].contains("b.dat was refused"), "{lines:?}");
}

#[test]
fn a_mirror_that_is_no_folder_is_an_error() {
    let place = Place::new();
    let options = PullOptions {
        mirror: Some(place.path("absent")),
        ..PullOptions::default()
    };
    let manifest = manifest(&nowhere(), &nowhere(), &nowhere());
    let error = pull(&manifest, &place.cache, &options, &Lines::default()).unwrap_err();
    assert!(error.to_string().contains("absent"), "{error}");
}
