//! What an evaluation found: the structure behind the table and the JSON.

use serde::Serialize;

use crate::evaluation::accuracy::Accuracy;
use crate::evaluation::identities::NamingRule;
use crate::evaluation::percentages::Percentages;
use crate::evaluation::rates::RateRow;

/// One run over one list of pairs with one pack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub pack: String,
    /// The share of all listed pairs judged rightly, 0–1; null when the list carries none.
    pub accuracy: Option<f64>,
    pub accuracy_detail: AccuracyOutcome,
    pub rates: Vec<RateRow>,
    pub impostors: Impostors,
    pub pairs: PairCounts,
    pub pictures: PictureCounts,
    /// Under the pack's calibration; null while it has none.
    pub percentages: Option<Percentages>,
    /// What to keep in mind when reading the numbers.
    pub notes: Vec<String>,
}

/// The accuracy, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AccuracyOutcome {
    Stated(Accuracy),
    Refused { refused: String },
}

/// Which pairs of two people the false-match rates rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impostors {
    pub source: ImpostorSource,
    pub pairs: u64,
    pub pictures: usize,
    /// How many people, when names tell.
    pub identities: Option<usize>,
    pub naming: Option<NamingRule>,
    /// Why names do not tell.
    pub not_derived: Option<String>,
}

/// Where pairs of two people come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpostorSource {
    /// Every picture against every picture of another person.
    AllCrossIdentityPairs,
    /// The pairs that the list labels as two people.
    ListedPairs,
}

/// The listed pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairCounts {
    pub listed: u64,
    pub same: u64,
    pub different: u64,
    /// A picture of theirs shows no face or cannot be read.
    pub same_not_compared: u64,
    pub different_not_compared: u64,
}

/// The listed pictures; those that gave no face, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PictureCounts {
    pub listed: usize,
    pub with_face: usize,
    pub without_face: Vec<String>,
    pub unreadable: Vec<Unreadable>,
}

/// A picture file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    pub picture: String,
    pub reason: String,
}
