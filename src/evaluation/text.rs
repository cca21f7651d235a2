//! The report as a table for people.

use std::fmt;

use crate::evaluation::accuracy::{Accuracy, Protocol};
use crate::evaluation::identities::NamingRule;
use crate::evaluation::intervals::Interval;
use crate::evaluation::percentages::Spread;
use crate::evaluation::rates::{RateOutcome, RateRow};
use crate::evaluation::report::{AccuracyOutcome, ImpostorSource, Impostors, Report};

/// So many pictures are named in the table; the JSON names them all.
const NAMED: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Pack       {}", self.pack)?;
        write_pairs(f, self)?;
        write_pictures(f, self)?;
        match &self.accuracy_detail {
            AccuracyOutcome::Stated(stated) => write_accuracy(f, stated)?,
            AccuracyOutcome::Refused { refused } => {
                writeln!(f, "Accuracy   not stated: {refused}")?;
            }
        }
        write_impostors(f, &self.impostors)?;
        writeln!(f)?;
        writeln!(
            f,
            "{:>9}  {:>9}  {:>28}  {:>28}",
            "FMR", "threshold", "true accepts", "false matches"
        )?;
        self.rates.iter().try_for_each(|row| write_rate(f, row))?;
        if let Some(percentages) = &self.percentages {
            writeln!(f)?;
            writeln!(
                f,
                "Percentages by the pack's calibration, over the listed pairs"
            )?;
            write_spread(f, "one person", percentages.same.as_ref())?;
            write_spread(f, "two people", percentages.different.as_ref())?;
        }
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "Note: {note}"))
    }
}

fn write_pairs(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let pairs = report.pairs;
    writeln!(
        f,
        "Pairs      {}: {} of one person, {} of two people",
        pairs.listed, pairs.same, pairs.different
    )
}

fn write_pictures(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let pictures = &report.pictures;
    writeln!(
        f,
        "Pictures   {}: {} with a face, {} without, {} unreadable",
        pictures.listed,
        pictures.with_face,
        pictures.without_face.len(),
        pictures.unreadable.len()
    )?;
    let without = pictures
        .without_face
        .iter()
        .map(|name| format!("{name}: no face"));
    let unreadable = pictures.unreadable.iter();
    let unreadable = unreadable.map(|file| format!("{}: {}", file.picture, file.reason));
    let all: Vec<String> = without.chain(unreadable).collect();
    for line in all.iter().take(NAMED) {
        writeln!(f, "             {line}")?;
    }
    if all.len() > NAMED {
        writeln!(f, "             and {} more", all.len() - NAMED)?;
    }
    Ok(())
}

fn write_accuracy(f: &mut fmt::Formatter<'_>, found: &Accuracy) -> fmt::Result {
    let how = match found.protocol {
        Protocol::Folds => format!("{} folds, threshold from the others", found.folds.len()),
        Protocol::BestThreshold => "best threshold on these very pairs".to_owned(),
    };
    writeln!(
        f,
        "Accuracy   {}{} ({} of {}; {how}; threshold {:.4})",
        percent(found.accuracy),
        bracket(found.interval.as_ref()),
        found.right,
        found.pairs,
        found.threshold
    )?;
    if let Some(over_compared) = found.over_compared
        && found.not_compared > 0
    {
        writeln!(
            f,
            "           {} over the {} pairs with two faces",
            percent(over_compared),
            found.pairs - found.not_compared
        )?;
    }
    for fold in &found.folds {
        writeln!(
            f,
            "             fold {}: {} ({} of {}; threshold {:.4})",
            fold.fold,
            percent(fold.accuracy),
            fold.right,
            fold.pairs,
            fold.threshold
        )?;
    }
    Ok(())
}

fn write_impostors(f: &mut fmt::Formatter<'_>, impostors: &Impostors) -> fmt::Result {
    let source = match impostors.source {
        ImpostorSource::AllCrossIdentityPairs => "every picture against every other person's",
        ImpostorSource::ListedPairs => "the listed pairs of two people",
    };
    let people = match (impostors.identities, impostors.naming) {
        (Some(count), Some(NamingRule::FileName)) => format!("{count} people by file name"),
        (Some(count), _) => format!("{count} people by folder"),
        (None, _) => "people not told apart by name".to_owned(),
    };
    writeln!(
        f,
        "Impostors  {} pairs: {source} ({} pictures, {people})",
        impostors.pairs, impostors.pictures
    )?;
    match &impostors.not_derived {
        Some(reason) => writeln!(f, "             {reason}"),
        None => Ok(()),
    }
}

fn write_rate(f: &mut fmt::Formatter<'_>, row: &RateRow) -> fmt::Result {
    let rate = format!("{:.0e}", row.false_match_rate);
    match &row.outcome {
        RateOutcome::Stated(stated) => {
            let accepts = format!(
                "{}{}",
                percent(stated.true_accept_rate),
                bracket(stated.true_accept_interval.as_ref())
            );
            let matches = match &stated.false_match_interval {
                Some(interval) => format!(
                    "{} [{:.1e}–{:.1e}]",
                    stated.false_matches, interval.low, interval.high
                ),
                None => stated.false_matches.to_string(),
            };
            writeln!(
                f,
                "{rate:>9}  {:>9.4}  {accepts:>28}  {matches:>28}",
                stated.threshold
            )
        }
        RateOutcome::Refused { refused } => writeln!(f, "{rate:>9}  not stated: {refused}"),
    }
}

fn write_spread(f: &mut fmt::Formatter<'_>, kind: &str, spread: Option<&Spread>) -> fmt::Result {
    let Some(spread) = spread else {
        return writeln!(f, "  {kind}: no pair");
    };
    let share = |count: u64| percent(count as f64 / spread.pairs as f64);
    writeln!(
        f,
        "  {kind}: {} from 80, {} from 65 to 80, {} below 65; 5th percentile {:.1}, median {:.1}, 95th {:.1}",
        share(spread.at_least_80),
        share(spread.from_65_to_80),
        share(spread.below_65),
        spread.fifth_percentile,
        spread.median,
        spread.ninety_fifth_percentile
    )
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn bracket(interval: Option<&Interval>) -> String {
    interval.map_or_else(String::new, |interval| {
        format!(
            " [{:.2}–{:.2}]",
            interval.low * 100.0,
            interval.high * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::evaluation::measure::{Finding, Sample};
    use crate::evaluation::pairs::read;

    #[test]
    fn the_table_says_what_was_found_and_what_the_sample_cannot_carry() {
        let list = read("a,b,same\nx/1.jpg,x/2.jpg,1\nx/1.jpg,y/1.jpg,0\n".as_bytes()).unwrap();
        let sample = Sample {
            pack: "made",
            list: &list,
            findings: &[Finding::Face, Finding::Face, Finding::NoFace],
            similarity: &|_, _| 0.5,
            percentage: None,
        };
        let table = sample.measure().report.to_string();
        for part in [
            "Pack       made",
            "2: 1 of one person, 1 of two people",
            "3: 2 with a face, 1 without",
            "y/1.jpg: no face",
            "Accuracy   not stated: no pair of two people could be compared",
            "2 people by folder",
            "1e-5  not stated: 0 pairs of two people",
        ] {
            assert!(table.contains(part), "{part} is missing in\n{table}");
        }
    }
}
