//! The real examiner: what it finds depends on the evidence, and not on how busy the machine is.

use std::path::Path;

use likeness::app;
use likeness::config::Config;
use likeness::pipeline::examine::FaceExaminer;
use likeness::pipeline::examiner::{ExaminationInput, ExamineError, Examiner as _};
use likeness::session::picture::PictureKind;
use likeness::vision::detector::Detector;
use likeness::vision::mask::WORN;
use likeness::vision::picture::{Picture, PictureLimits};
use likeness::vision::portrait;
use serde_json::{Value, json};

use crate::helpers::{decoder, sample};
use crate::weights;

/// Examinations at a time.
const CROWD: usize = 5;

#[test]
fn in_a_crowd_the_same_is_found_as_alone() {
    let Some(examiner) = examiner("examination::in_a_crowd_the_same_is_found_as_alone") else {
        return;
    };
    let document = sample("genuine/document.jpg");
    let videos = ["genuine/video.mp4", "rotated-phone/video.mp4"].map(sample);
    let alone = videos
        .each_ref()
        .map(|video| found(&examiner, &document, video));
    for examination in alone.iter().map(|told| &told[0]) {
        let frames = examination["frames"].as_array().unwrap();
        for seen in frames.iter().chain([&examination["document"]]) {
            let mask = seen["face"]["mask"].as_f64().unwrap();
            assert!(mask < WORN, "nobody wears a mask: {mask}");
            let defects = seen["defects"].as_array().unwrap();
            assert!(!defects.contains(&json!("FACE_IS_OCCLUDED")));
        }
    }
    std::thread::scope(|threads| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|number| {
                let (examiner, document) = (&examiner, &document);
                let which = number % videos.len();
                let video = &videos[which];
                (
                    which,
                    threads.spawn(move || found(examiner, document, video)),
                )
            })
            .collect();
        for (which, one) in crowd {
            assert!(
                one.join().unwrap() == alone[which],
                "{}",
                videos[which].display()
            );
        }
    });
}

#[test]
fn of_two_unusable_files_the_document_is_told() {
    let Some(examiner) = examiner("examination::of_two_unusable_files_the_document_is_told") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    std::fs::write(&nothing, b"neither a picture nor a video").unwrap();
    let fault = |document: &Path, video: &Path| {
        let input = ExaminationInput {
            document,
            video,
            frames: 8,
            liveness: true,
            challenge: None,
            pictures: true,
        };
        examiner
            .examine(input, &mut |_, _| ())
            .map(drop)
            .unwrap_err()
    };
    let (document, video) = (sample("genuine/document.jpg"), sample("genuine/video.mp4"));
    for _ in 0..5 {
        assert!(matches!(
            fault(&nothing, &nothing),
            ExamineError::Document(_)
        ));
    }
    assert!(matches!(fault(&nothing, &video), ExamineError::Document(_)));
    assert!(matches!(fault(&document, &nothing), ExamineError::Video(_)));
}

/// Faces are found anew in what was cut out, so that the detector judges whether they lie where they should.
#[test]
fn aligned_faces_have_their_eyes_in_one_place_in_the_document_and_in_every_frame() {
    let test = "examination::aligned_faces_have_their_eyes_in_one_place_in_the_document_and_in_every_frame";
    let (Some(examiner), Some(detector)) = (examiner(test), weights::detector(test)) else {
        return;
    };
    let detector = Detector::load(&detector.weights).unwrap();
    let (document, video) = (
        sample("genuine/document.jpg"),
        sample("rotated-phone/video.mp4"),
    );
    let input = ExaminationInput {
        document: &document,
        video: &video,
        frames: 4,
        liveness: false,
        challenge: None,
        pictures: true,
    };
    let examined = examiner.examine(input, &mut |_, _| ()).unwrap();
    let (mut aligned, mut off) = (0, Vec::new());
    for kept in &examined.pictures {
        let limits = PictureLimits {
            max_pixels: 4_000_000,
        };
        let picture = Picture::decode(&kept.jpeg, &limits).unwrap();
        let longer = picture.width().max(picture.height());
        match kept.what {
            PictureKind::Document => assert!(longer <= 1600),
            PictureKind::Frame(_) => assert!(longer <= 960),
            PictureKind::Thumbnail(_) => assert!(longer <= 160),
            PictureKind::Portrait | PictureKind::AlignedFace(_) => {
                aligned += 1;
                assert_eq!((picture.width(), picture.height()), portrait::SIZE);
                let faces = detector.detect(&picture, 100.0).unwrap();
                let [face] = &faces[..] else {
                    panic!("{} shows {} faces", kept.what, faces.len());
                };
                for (eye, place) in face.landmarks.iter().zip(portrait::EYES) {
                    off.push((eye.x - place.x).hypot(eye.y - place.y));
                }
            }
        }
    }
    // The detector finds an eye a few pixels elsewhere when the picture is another; the eyes are 80 apart.
    let mean = off.iter().sum::<f32>() / off.len() as f32;
    assert!(mean <= 2.5 && off.iter().all(|off| *off <= 6.0), "{off:?}");
    assert_eq!(aligned, 1 + 4);
    let faces = examined.examination.frames.iter().map(|frame| frame.face);
    for face in faces.chain([examined.examination.document.face]) {
        let (face, bounds) = (face.unwrap(), face.unwrap().face_box);
        for [x, y] in face.landmarks.unwrap() {
            assert!((bounds.left..bounds.left + bounds.width).contains(&x));
            assert!((bounds.top..bounds.top + bounds.height).contains(&y));
        }
    }
}

#[test]
fn who_asks_for_no_pictures_gets_none_and_the_same_findings() {
    let Some(examiner) =
        examiner("examination::who_asks_for_no_pictures_gets_none_and_the_same_findings")
    else {
        return;
    };
    let (document, video) = (sample("genuine/document.jpg"), sample("genuine/video.mp4"));
    let examine = |pictures: bool| {
        let input = ExaminationInput {
            document: &document,
            video: &video,
            frames: 2,
            liveness: false,
            challenge: None,
            pictures,
        };
        let mut examined = examiner.examine(input, &mut |_, _| ()).unwrap();
        examined.examination.took_ms = 0;
        examined
    };
    let (with, without) = (examine(true), examine(false));
    assert_eq!(with.pictures.len(), 2 + 3 * 2);
    assert!(without.pictures.is_empty());
    assert_eq!(with.examination, without.examination);
    assert_eq!(with.signals, without.signals);
}

/// Everything that an examination tells but the time it took.
fn found(examiner: &FaceExaminer, document: &Path, video: &Path) -> Value {
    let input = ExaminationInput {
        document,
        video,
        frames: 8,
        liveness: true,
        challenge: None,
        pictures: true,
    };
    let mut told = Vec::new();
    let mut examined = examiner
        .examine(input, &mut |done, of| told.push((done, of)))
        .unwrap();
    examined.examination.took_ms = 0;
    let pictures: Vec<_> = examined
        .pictures
        .iter()
        .map(|picture| (picture.what.to_string(), &picture.jpeg))
        .collect();
    assert_eq!(pictures.len(), 2 + 3 * 8);
    assert_eq!(told, (1..=8).map(|done| (done, 8)).collect::<Vec<_>>());
    json!([examined.examination, examined.signals, pictures])
}

fn examiner(test: &str) -> Option<FaceExaminer> {
    weights::packs("dlib", test)?;
    let config = Config {
        models: weights::root().join("models"),
        embedder: "dlib".to_owned(),
        decoder: decoder(),
        ..Config::default()
    };
    Some(app::models::examiner(&config).unwrap().0)
}
