//! A document photo or a video as it was received, and the applicant's consent.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::session::ids::{EvidenceId, ProjectId, SessionId};
use crate::session::time::Timestamp;

/// What a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    Document,
    Video,
}

impl EvidenceKind {
    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Video => "video",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Document, Self::Video]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The record of a received file; its bytes lie in the blob store under `blob`.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    pub id: EvidenceId,
    pub session: SessionId,
    pub kind: EvidenceKind,
    pub blob: String,
    pub sha256: String,
    pub bytes: u64,
    /// What the bytes are, found by looking at them: `image/jpeg`, `video/mp4` …
    pub media_type: String,
    pub received_at: Timestamp,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Evidence({}, {}, {} bytes)",
            self.id,
            self.kind.name(),
            self.bytes
        )
    }
}

/// What the applicant consented to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentKind {
    /// To be examined.
    Authorization,
    /// To have biometric data kept.
    Storage,
}

impl ConsentKind {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Storage => "storage",
        }
    }
}

/// One statement of consent, given or refused. The newest one counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    pub project: ProjectId,
    pub session: Option<SessionId>,
    pub subject_name: String,
    pub kind: ConsentKind,
    pub given: bool,
    pub at: Timestamp,
    /// The version of the project's text that was shown.
    pub text_version: Option<u32>,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consent({}, {}, …)", self.kind.name(), self.given)
    }
}

/// A name in one spelling: who refused as "José Quux" refused as "josé  quux" too, however the
/// letters are composed.
pub fn name_key(name: &str) -> String {
    let composed: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_key_however_it_is_spelt() {
        for spelling in ["José Quux", "josé quux", "JOSÉ  QUUX ", "Jose\u{301}\tQuux"] {
            assert_eq!(name_key(spelling), "josé quux", "{spelling:?}");
        }
        assert_ne!(name_key("Jose Quux"), name_key("José Quux"));
    }
}
