//! People made of random vectors go the whole way: pairs, accuracy, rates, calibration, manifest, scale.

use std::fmt::Write;

use likeness::evaluation::calibrate;
use likeness::evaluation::measure::{Finding, Measured, Sample};
use likeness::evaluation::pairs::{self, PairList};
use likeness::evaluation::rates::RateOutcome;
use likeness::evaluation::record;
use likeness::evaluation::report::Report;
use likeness::evaluation::subjects::{Sighting, similarity};
use likeness::packs::manifest::{Calibration, CalibrationRun, Manifest, Origin};
use likeness::vision::calibration::Scale;
use likeness::vision::embedder::Embedding;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PEOPLE: usize = 400;
const DIMENSIONS: usize = 32;

/// Two pictures a person in five folds, each person paired with themselves and with the next one.
fn list() -> PairList {
    let mut text = String::from("a,b,same,fold\n");
    for person in 0..PEOPLE {
        let (next, fold) = ((person + 1) % PEOPLE, person % 5);
        writeln!(text, "P{person}_x_1.jpg,P{person}_x_2.jpg,1,{fold}").unwrap();
        writeln!(text, "P{person}_x_1.jpg,P{next}_x_2.jpg,0,{fold}").unwrap();
    }
    pairs::read(text.as_bytes()).unwrap()
}

/// A sum of twelve even numbers is as good as normal.
fn normal(random: &mut StdRng) -> f32 {
    (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0
}

/// Each person a random direction, each picture that direction with noise.
fn sightings(list: &PairList, noise: f32) -> Vec<Sighting> {
    let mut random = StdRng::seed_from_u64(7);
    let centres: Vec<Vec<f32>> = (0..PEOPLE)
        .map(|_| (0..DIMENSIONS).map(|_| normal(&mut random)).collect())
        .collect();
    let person = |name: &str| {
        name[1..]
            .split('_')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    list.pictures
        .iter()
        .map(|name| {
            let centre = centres[person(name)].iter();
            let values = centre.map(|value| value + noise * normal(&mut random));
            Sighting::Face(Embedding::from_values(values.collect()).unwrap())
        })
        .collect()
}

fn measured(list: &PairList, sightings: &[Sighting]) -> Measured {
    let findings: Vec<Finding> = sightings.iter().map(Sighting::finding).collect();
    let sample = Sample {
        pack: "dlib",
        list,
        findings: &findings,
        similarity: &|a, b| similarity(sightings, a, b),
        percentage: None,
    };
    sample.measure()
}

fn true_accepts(report: &Report) -> Vec<Option<f64>> {
    let rows = report.rates.iter();
    rows.map(|row| match &row.outcome {
        RateOutcome::Stated(stated) => Some(stated.true_accept_rate),
        RateOutcome::Refused { .. } => None,
    })
    .collect()
}

#[test]
fn near_pictures_of_one_person_are_told_from_others() {
    let list = list();
    let report = measured(&list, &sightings(&list, 0.3)).report;
    assert_eq!(report.impostors.pairs, 800 * 799 / 2 - 400);
    assert_eq!(report.impostors.identities, Some(PEOPLE));
    assert!(report.accuracy.unwrap() > 0.99, "{report}");
    let rates = true_accepts(&report);
    // 319 200 pairs carry 1e-4 (32 false matches) and not 1e-5.
    assert!(rates[2].unwrap() > 0.9, "{report}");
    assert_eq!(rates[3], None);
}

#[test]
fn far_pictures_fall_first_where_false_matches_are_rarest() {
    let list = list();
    let report = measured(&list, &sightings(&list, 1.0)).report;
    let rates: Vec<f64> = true_accepts(&report).into_iter().flatten().collect();
    assert_eq!(rates.len(), 3);
    assert!(rates[0] > rates[1] && rates[1] > rates[2], "{report}");
    assert!(report.accuracy.unwrap() < 0.99, "{report}");
}

#[test]
fn a_picture_without_a_face_costs_accuracy_and_is_named() {
    let list = list();
    let mut sightings = sightings(&list, 0.1);
    sightings[0] = Sighting::NoFace;
    let report = measured(&list, &sightings).report;
    assert_eq!(report.pictures.without_face, ["P0_x_1.jpg"]);
    assert_eq!(report.pairs.same_not_compared, 1);
    assert_eq!(report.pairs.different_not_compared, 1);
    assert!(
        (report.accuracy.unwrap() - 798.0 / 800.0).abs() < 1e-9,
        "{report}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert!((json["accuracy"].as_f64().unwrap() - 798.0 / 800.0).abs() < 1e-9);
}

#[test]
fn a_calibration_goes_into_the_manifest_and_out_as_percentages() {
    let list = list();
    let Measured { report, impostors } = measured(&list, &sightings(&list, 0.3));
    let points = calibrate::fit(&impostors).unwrap();
    let run = CalibrationRun {
        command: "likeness eval made.csv --pack dlib --calibrate".to_owned(),
        data: "made people".to_owned(),
        date: "2026-01-01".to_owned(),
        machine: "any".to_owned(),
        pictures: 800,
        impostor_pairs: impostors.total(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let mut manifest = Manifest::built_in().unwrap();
    let pack = manifest.packs.iter_mut().find(|pack| pack.name == "dlib");
    record::write(pack.unwrap(), Calibration { points, run }, &report);
    manifest.save(&path).unwrap();

    let manifest = Manifest::load(&path).unwrap();
    let pack = manifest.pack("dlib").unwrap();
    let scale = Scale::new(pack.calibration.as_ref().unwrap()).unwrap();
    for (row, percentage) in report.rates.iter().zip([50.0, 65.0, 80.0]) {
        let RateOutcome::Stated(stated) = &row.outcome else {
            panic!("the sample carries it: {report}")
        };
        assert!((scale.percentage(stated.threshold) - percentage).abs() < 0.01);
    }
    assert!(scale.percentage(-0.5) < f64::EPSILON);
    let measured = pack
        .accuracy
        .iter()
        .filter(|figure| figure.origin == Origin::Measured);
    // The accuracy and three rates.
    assert_eq!(measured.count(), 4);
}
