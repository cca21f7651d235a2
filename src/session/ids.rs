//! Identifiers that cannot be mistaken for one another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An identifier could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Reads the identifier with its prefix or bare.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let bare = text.strip_prefix($prefix).unwrap_or(text);
                Uuid::try_parse(bare).map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

id!(
    /// A customer of the service: tokens, rules and sessions belong to one project.
    ProjectId,
    "proj_"
);
id!(
    /// One applicant's visit.
    SessionId,
    "sess_"
);
id!(
    /// One attempt to examine a session's evidence; also the queue's job.
    ExaminationId,
    "exam_"
);
id!(
    /// One document or video as it was received.
    EvidenceId,
    "evid_"
);
id!(
    /// One access token (its public half).
    TokenId,
    "tok_"
);
id!(
    /// Somebody who signs in to the console, whichever projects they work for.
    AccountId,
    "acc_"
);
id!(
    /// One gallery: a set of enrolled people that is searched as a whole.
    GalleryId,
    "gal_"
);
id!(
    /// One enrolled person, whatever name callers know them by.
    SubjectId,
    "subj_"
);
id!(
    /// One picture of an enrolled person, as the vector it was turned into.
    TemplateId,
    "tmpl_"
);
id!(
    /// One result on its way to a caller's address.
    CallbackId,
    "cb_"
);
id!(
    /// One endpoint that a project's events are posted to.
    EndpointId,
    "whe_"
);
id!(
    /// One challenge: steps that a session's video has to show.
    ChallengeId,
    "chal_"
);
id!(
    /// One call of the API, as the log of calls keeps it.
    CallId,
    "call_"
);
id!(
    /// A person who owns rules or decides about sessions.
    OfficerId,
    "off_"
);
id!(
    /// One decision about a session.
    DecisionId,
    "dec_"
);
