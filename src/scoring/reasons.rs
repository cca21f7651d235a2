//! The closed list of reasons: stable codes, each with a text for officers and one for the applicant.

mod texts;

use serde::{Deserialize, Serialize};

/// Why something did not pass, or how an officer decided. A code, once out, keeps its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    FaceMismatch,
    FaceChanges,
    FaceNotVisible,
    FaceTooSmall,
    SeveralPeople,
    HeadTurned,
    VideoBlurred,
    VideoTooDark,
    VideoTooBright,
    DocumentFaceMissing,
    DocumentSeveralFaces,
    DocumentFaceTooSmall,
    DocumentBlurred,
    DocumentTooDark,
    DocumentTooBright,
    LivenessNotShown,
    LivenessNotExamined,
    PersonChanges,
    VideoRepeats,
    VideoCut,
    ScreenSeen,
    FaceCovered,
    ChallengeNotMet,
    NotExamined,
    RuleNotMet,
    ReviewRequired,
    DocumentUnreadable,
    VideoUnreadable,
    ServiceFailure,
    ConsentWithdrawn,
    ResubmissionsUsedUp,
    IdentityConfirmed,
    SuspectedFraud,
    DocumentNotAccepted,
    CaptureNotAccepted,
    PersonNotTheSame,
    Other,
}

/// Who gives a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonSource {
    /// A rule that was not met; a rule file may name these.
    Rules,
    /// The service, before or beside the rules.
    Service,
    /// A person who decided.
    Officer,
}

impl ReasonSource {
    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Service => "service",
            Self::Officer => "officer",
        }
    }
}

/// What the documentation says of a reason.
struct ReasonFacts {
    code: ReasonCode,
    name: &'static str,
    source: ReasonSource,
    officer: &'static str,
    applicant: &'static str,
}

impl ReasonCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 37] = {
        let mut all = [Self::Other; 37];
        let mut index = 0;
        while index < all.len() {
            all[index] = texts::REASONS[index].code;
            index += 1;
        }
        all
    };

    /// The code as it is written: `FACE_MISMATCH`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// What it means, for officers.
    pub fn officer_text(self) -> &'static str {
        self.facts().officer
    }

    /// What the applicant may be told: what to do, and never a score, a bound or a way around.
    pub fn applicant_text(self) -> &'static str {
        self.facts().applicant
    }

    /// Who gives it.
    pub fn source(self) -> ReasonSource {
        self.facts().source
    }

    /// The codes that a rule file may name.
    pub fn of_rules() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(|code| code.source() == ReasonSource::Rules)
    }

    /// The table has the codes' own order.
    fn facts(self) -> &'static ReasonFacts {
        &texts::REASONS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code_at_its_place_under_its_stored_name() {
        for (index, code) in ReasonCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index);
            assert_eq!(code.facts().code, code);
            assert_eq!(ReasonCode::from_name(code.name()), Some(code));
            let stored = serde_json::to_string(&code).unwrap();
            assert_eq!(stored, format!("{:?}", code.name()));
        }
        assert_eq!(ReasonCode::from_name("NO_SUCH_REASON"), None);
    }

    #[test]
    fn an_applicant_reads_no_number_and_nothing_of_how_it_is_judged() {
        for code in ReasonCode::ALL {
            let text = code.applicant_text();
            assert!(!text.chars().any(|c| c.is_ascii_digit()), "{text}");
            for word in [
                "score",
                "threshold",
                "percent",
                "live",
                "fraud",
                "spoof",
                "attack",
                "match",
                "rule",
                "suspect",
            ] {
                assert!(
                    !text.to_lowercase().contains(word),
                    "{}: {text}",
                    code.name()
                );
            }
            assert!(text.ends_with('.') && code.officer_text().ends_with('.'));
        }
    }

    #[test]
    fn what_an_applicant_reads_does_not_tell_apart_what_caught_an_attack() {
        let text = ReasonCode::FaceMismatch.applicant_text();
        for code in [
            ReasonCode::FaceChanges,
            ReasonCode::LivenessNotShown,
            ReasonCode::PersonChanges,
            ReasonCode::VideoRepeats,
            ReasonCode::VideoCut,
            ReasonCode::ScreenSeen,
            ReasonCode::SuspectedFraud,
            ReasonCode::PersonNotTheSame,
            ReasonCode::RuleNotMet,
        ] {
            assert_eq!(code.applicant_text(), text, "{}", code.name());
        }
    }
}
