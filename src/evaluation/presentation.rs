//! How clips of live people and of attacks come out: error rates a species, with what the sample can carry.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::evaluation::exact::{trials_for, upper_bound};

/// The species of people who present themselves.
pub const LIVE: &str = "live";

/// A claim that people make of such systems, and which few samples carry.
pub const CLAIM: f64 = 0.05;

/// One line of a list of clips.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub path: String,
    /// `live`, or the kind of attack.
    pub species: String,
}

/// Why a list is not read.
#[derive(Debug, Error)]
pub enum ClipsError {
    #[error(
        "the list must have the columns path and species and a value of both in every line: {0}"
    )]
    Line(#[source] csv::Error),
    #[error("the list holds no clip")]
    Empty,
    #[error("line {line}: a clip without a path or a species")]
    Blank { line: usize },
}

/// Reads a CSV file with the columns `path` and `species`.
pub fn read(source: impl Read) -> Result<Vec<Listed>, ClipsError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(source);
    let clips: Vec<Listed> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(ClipsError::Line)?;
    if clips.is_empty() {
        return Err(ClipsError::Empty);
    }
    match clips
        .iter()
        .position(|clip| clip.path.is_empty() || clip.species.is_empty())
    {
        Some(at) => Err(ClipsError::Blank { line: at + 2 }),
        None => Ok(clips),
    }
}

/// Clips that were looked at, and by what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub command: String,
    /// Year-month-day.
    pub date: String,
    pub machine: String,
    pub software: String,
    /// The packs that took part.
    pub packs: Vec<String>,
    /// The rule file's name.
    pub rules: String,
    pub clips: Vec<Clip>,
}

/// One clip and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    pub name: String,
    pub species: String,
    /// `pass`, `refer` or `fail`; `unreadable` where nothing could be examined.
    pub outcome: String,
    /// The codes of what did not hold.
    pub reasons: Vec<String>,
    /// The liveness signals by their names, without those that were not measured.
    pub signals: BTreeMap<String, f64>,
    pub took_ms: u64,
}

/// The clips of one species.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tally {
    pub species: String,
    pub clips: u64,
    /// Clips that passed by themselves.
    pub passed: u64,
    /// Clips that were handed to a person.
    pub referred: u64,
    /// Of attacks the share that passed (APCER), of live people the share that did not (BPCER).
    pub error_rate: f64,
    /// What the sample does not rule out, with 95 % confidence.
    pub upper_bound: f64,
    /// Whether the sample would carry the claim that the error rate is below 5 %.
    pub carries_claim: bool,
}

/// How one signal is spread over a species.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub signal: String,
    pub species: String,
    pub clips: usize,
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Run {
    /// Live people first, then the attacks by name.
    pub fn species(&self) -> Vec<&str> {
        let mut species: Vec<&str> = self
            .clips
            .iter()
            .map(|clip| clip.species.as_str())
            .collect();
        species.sort_by_key(|species| (*species != LIVE, *species));
        species.dedup();
        species
    }

    /// A tally a species.
    pub fn tallies(&self) -> Vec<Tally> {
        self.species()
            .into_iter()
            .map(|species| self.tally(species))
            .collect()
    }

    fn tally(&self, species: &str) -> Tally {
        let outcomes: Vec<&str> = self
            .clips
            .iter()
            .filter(|clip| clip.species == species)
            .map(|clip| clip.outcome.as_str())
            .collect();
        let count = |outcome: &str| outcomes.iter().filter(|one| **one == outcome).count() as u64;
        let (clips, passed) = (outcomes.len() as u64, count("pass"));
        let errors = if species == LIVE {
            clips - passed
        } else {
            passed
        };
        let bound = upper_bound(errors, clips);
        Tally {
            species: species.to_owned(),
            clips,
            passed,
            referred: count("refer"),
            error_rate: errors as f64 / clips.max(1) as f64,
            upper_bound: bound,
            carries_claim: bound < CLAIM,
        }
    }

    /// How every signal is spread over every species, in the order of the signals' names.
    pub fn spreads(&self) -> Vec<Spread> {
        let mut names: Vec<&String> = self
            .clips
            .iter()
            .flat_map(|clip| clip.signals.keys())
            .collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .flat_map(|name| {
                self.species()
                    .into_iter()
                    .filter_map(|species| self.spread(name, species))
            })
            .collect()
    }

    fn spread(&self, signal: &str, species: &str) -> Option<Spread> {
        let mut values: Vec<f64> = self
            .clips
            .iter()
            .filter(|clip| clip.species == species)
            .filter_map(|clip| clip.signals.get(signal).copied())
            .collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => return None,
            odd if odd % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        };
        Some(Spread {
            signal: signal.to_owned(),
            species: species.to_owned(),
            clips: values.len(),
            least: values[0],
            median,
            most: values[values.len() - 1],
        })
    }
}

/// Why a tally carries no claim, or nothing where it does.
pub fn refused(tally: &Tally) -> Option<String> {
    if tally.carries_claim {
        return None;
    }
    let needed = trials_for(CLAIM);
    Some(format!(
        "{} clips carry no claim below {:.0} %; it takes {needed} without an error",
        tally.clips,
        CLAIM * 100.0
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(species: &str, outcome: &str, blinks: f64) -> Clip {
        Clip {
            name: "a.mp4".to_owned(),
            species: species.to_owned(),
            outcome: outcome.to_owned(),
            reasons: Vec::new(),
            signals: BTreeMap::from([("blink_count".to_owned(), blinks)]),
            took_ms: 1,
        }
    }

    fn run(clips: Vec<Clip>) -> Run {
        Run {
            command: String::new(),
            date: String::new(),
            machine: String::new(),
            software: String::new(),
            packs: Vec::new(),
            rules: String::new(),
            clips,
        }
    }

    #[test]
    fn an_error_is_an_attack_that_passes_and_a_person_who_does_not() {
        let run = run(vec![
            clip("screen", "refer", 0.0),
            clip(LIVE, "pass", 3.0),
            clip(LIVE, "refer", 5.0),
            clip("print", "pass", 0.0),
            clip("screen", "fail", 0.0),
        ]);
        let tallies = run.tallies();
        let facts: Vec<_> = tallies
            .iter()
            .map(|tally| (tally.species.as_str(), tally.clips, tally.error_rate))
            .collect();
        assert_eq!(
            facts,
            [(LIVE, 2, 0.5), ("print", 1, 1.0), ("screen", 2, 0.0)]
        );
        assert!(
            refused(&tallies[2])
                .unwrap()
                .contains("2 clips carry no claim")
        );
        let live = &run.spreads()[0];
        assert_eq!((live.least, live.median, live.most), (3.0, 4.0, 5.0));
    }

    #[test]
    fn sixty_attacks_without_a_pass_carry_the_claim_and_fifty_do_not() {
        let of = |count| run((0..count).map(|_| clip("print", "refer", 0.0)).collect());
        assert!(of(60).tallies()[0].carries_claim);
        assert!(!of(50).tallies()[0].carries_claim);
    }

    #[test]
    fn a_list_names_clips_and_species_and_nothing_else() {
        let list = read("path,species\na.mp4,live\n b.mp4 , print_flat\n".as_bytes()).unwrap();
        assert_eq!(list[1].species, "print_flat");
        for wrong in [
            "path\na.mp4\n",
            "path,species\n",
            "path,species\na.mp4,\n",
            "path,species,x\na,live,1\n",
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
