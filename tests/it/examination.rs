//! The real examiner: what it finds depends on the evidence, and not on how busy the machine is.

use std::path::Path;

use likeness::app;
use likeness::config::Config;
use likeness::pipeline::examine::FaceExaminer;
use likeness::pipeline::examiner::{ExaminationInput, ExamineError, Examiner as _};
use likeness::vision::mask::WORN;
use serde_json::{Value, json};

use crate::helpers::sample;
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

/// Everything that an examination tells but the time it took.
fn found(examiner: &FaceExaminer, document: &Path, video: &Path) -> Value {
    let input = ExaminationInput {
        document,
        video,
        frames: 8,
        liveness: true,
        challenge: None,
    };
    let mut told = Vec::new();
    let mut examined = examiner
        .examine(input, &mut |done, of| told.push((done, of)))
        .unwrap();
    examined.examination.took_ms = 0;
    let thumbnails: Vec<_> = examined
        .thumbnails
        .iter()
        .map(|thumbnail| (thumbnail.frame, &thumbnail.jpeg))
        .collect();
    assert_eq!(thumbnails.len(), 8);
    assert_eq!(told, (1..=8).map(|done| (done, 8)).collect::<Vec<_>>());
    json!([examined.examination, examined.signals, thumbnails])
}

fn examiner(test: &str) -> Option<FaceExaminer> {
    weights::packs("dlib", test)?;
    let config = Config {
        models: weights::root().join("models"),
        embedder: "dlib".to_owned(),
        ..Config::default()
    };
    Some(app::examiner(&config).unwrap().0)
}
