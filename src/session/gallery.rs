//! Galleries, the people enrolled in them, and what is kept of their faces.

use std::fmt;

use serde_json::Value;

use crate::session::ids::{GalleryId, ProjectId, SubjectId, TemplateId, TokenId};
use crate::session::template::Template;
use crate::session::time::Timestamp;

/// What a gallery is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GalleryKind {
    /// Made and named by a caller.
    Named,
    /// The one of a project that holds everybody who was enrolled without naming a gallery.
    Register,
}

impl GalleryKind {
    pub const ALL: [Self; 2] = [Self::Named, Self::Register];

    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Register => "register",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A set of enrolled people of one project: a keyspace, a facegallery or a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gallery {
    pub id: GalleryId,
    pub project: ProjectId,
    pub kind: GalleryKind,
    /// Unique among the project's galleries of its kind.
    pub name: String,
    pub description: String,
    /// The token that made it.
    pub created_by: Option<TokenId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Rises with every face that comes or goes.
    pub revision: i64,
}

/// An enrolled person. Its `Debug` shows the identifier alone.
#[derive(Clone, PartialEq)]
pub struct Subject {
    pub id: SubjectId,
    /// What the caller calls the person: a user id, a face id, a person id. Unique within a gallery.
    pub label: String,
    pub name: String,
    /// What else a caller wants kept with the person, as a JSON object.
    pub details: Option<Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({}, …)", self.id)
    }
}

/// How much of an enrolled picture is kept beside the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKeeping {
    /// The picture as it came, from which a later pack can make a new template, and a thumbnail.
    Picture,
    /// The face alone, small.
    Thumbnail,
    Nothing,
}

impl PictureKeeping {
    pub const ALL: [Self; 3] = [Self::Picture, Self::Thumbnail, Self::Nothing];

    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Thumbnail => "thumbnail",
            Self::Nothing => "nothing",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keeping| keeping.name() == name)
    }
}

/// One face of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct EnrolledFace {
    pub id: TemplateId,
    pub subject: SubjectId,
    pub template: Template,
    pub keeping: PictureKeeping,
    pub created_at: Timestamp,
}

impl EnrolledFace {
    /// A number of twenty digits for callers that know a face by such a one.
    pub fn variation(&self) -> u64 {
        const SMALLEST: u64 = 10_000_000_000_000_000_000;
        let (_, low) = self.id.0.as_u64_pair();
        SMALLEST + low % (u64::MAX - SMALLEST)
    }
}
