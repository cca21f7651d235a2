//! Writes what was measured into a pack's papers: its calibration and its accuracy, each with the run that made it.

use crate::evaluation::accuracy::Protocol;
use crate::evaluation::rates::RateOutcome;
use crate::evaluation::report::{AccuracyOutcome, Report};
use crate::packs::manifest::{Accuracy, Calibration, Origin, Pack};

/// Sets the pack's calibration, and puts this run's figures in the place of those that this program
/// measured before; published and preliminary ones stay.
pub fn write(pack: &mut Pack, calibration: Calibration, report: &Report) {
    let run = &calibration.run;
    pack.accuracy
        .retain(|figure| figure.origin != Origin::Measured);
    let figures = figures(report).into_iter();
    pack.accuracy
        .extend(figures.map(|(metric, value, n)| Accuracy {
            origin: Origin::Measured,
            data: run.data.clone(),
            metric,
            value: (value * 1e5).round() / 1e5,
            n,
            source: None,
            command: Some(run.command.clone()),
            date: Some(run.date.clone()),
            machine: Some(run.machine.clone()),
        }));
    pack.calibration = Some(calibration);
}

/// Each figure that the sample carries: what it is, its value, and the pairs it is a share of.
fn figures(report: &Report) -> Vec<(String, f64, u64)> {
    let mut figures = Vec::new();
    if let AccuracyOutcome::Stated(stated) = &report.accuracy_detail {
        let metric = match stated.protocol {
            Protocol::Folds => format!("accuracy, {} folds", stated.folds.len()),
            Protocol::BestThreshold => "accuracy, best threshold".to_owned(),
        };
        figures.push((metric, stated.accuracy, stated.pairs));
    }
    for row in &report.rates {
        if let RateOutcome::Stated(stated) = &row.outcome {
            let metric = format!("true accepts at FMR {:.0e}", row.false_match_rate);
            figures.push((metric, stated.true_accept_rate, stated.genuine_pairs));
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::evaluation::measure::{Finding, Sample};
    use crate::evaluation::pairs::read;
    use crate::packs::manifest::{CalibrationPoint, CalibrationRun, Manifest};

    fn report() -> Report {
        let text = "a,b,same\n1.jpg,2.jpg,1\n1.jpg,3.jpg,0\n";
        let list = read(text.as_bytes()).unwrap();
        let sample = Sample {
            pack: "dlib",
            list: &list,
            findings: &[Finding::Face, Finding::Face, Finding::Face],
            similarity: &|a, b| if a + b == 1 { 0.9 } else { 0.1 },
            percentage: None,
        };
        sample.measure().report
    }

    #[test]
    fn only_the_packs_own_papers_change_and_the_rest_keeps_its_letters() {
        let point = |percentage, similarity| CalibrationPoint {
            percentage,
            similarity,
            fitted: false,
        };
        let run = CalibrationRun {
            command: "likeness eval".to_owned(),
            data: "two pairs".to_owned(),
            date: "2026-01-02".to_owned(),
            machine: "a machine".to_owned(),
            pictures: 3,
            impostor_pairs: 1,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        let mut manifest = Manifest::built_in().unwrap();
        let pack = manifest.packs.iter_mut().find(|pack| pack.name == "dlib");
        let points = vec![point(0.0, 0.1), point(100.0, 1.0)];
        let calibration = Calibration { points, run };
        let pack = pack.unwrap();
        write(pack, calibration.clone(), &report());
        // A second run takes the place of the first.
        write(pack, calibration, &report());
        let measured = pack
            .accuracy
            .iter()
            .filter(|figure| figure.origin == Origin::Measured);
        assert_eq!(measured.count(), 1);
        manifest.save(&path).unwrap();
        let after = std::fs::read_to_string(&path).unwrap();
        let before = std::fs::read_to_string(Path::new("models/manifest.json")).unwrap();
        let part = |text: &str| text.split("\"name\": \"dlib\"").next().unwrap().to_owned();
        assert_eq!(part(&before), part(&after));
        assert!(Manifest::load(&path).is_ok());
    }
}
