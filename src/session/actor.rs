//! Who did something: a person, a program's token, whoever runs the machine, or the service itself.

use std::fmt;
use std::str::FromStr;

use crate::session::ids::{InvalidId, OfficerId, ProjectId, TokenId};
use crate::session::time::Timestamp;

/// Who did something. Its text names nobody: it is an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person, whichever token they used.
    Officer(OfficerId),
    /// A program: a token that was made for nobody in particular.
    Token(TokenId),
    /// Whoever may run commands beside the service.
    Operator,
    /// The service by itself, as when a retention period ends.
    Service,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Officer(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::Operator => f.write_str("operator"),
            Self::Service => f.write_str("service"),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text {
            "operator" => Ok(Self::Operator),
            "service" => Ok(Self::Service),
            _ if text.starts_with("off_") => text.parse().map(Self::Officer),
            _ if text.starts_with("tok_") => text.parse().map(Self::Token),
            _ => Err(InvalidId),
        }
    }
}

/// A person who works for a project. Its `Debug` does not name them.
#[derive(Clone, PartialEq, Eq)]
pub struct Officer {
    pub id: OfficerId,
    pub project: ProjectId,
    pub name: String,
    pub created_at: Timestamp,
}

impl fmt::Debug for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Officer({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_actor_is_read_back_from_its_text() {
        for actor in [
            Actor::Officer(OfficerId(Uuid::now_v7())),
            Actor::Token(TokenId(Uuid::now_v7())),
            Actor::Operator,
            Actor::Service,
        ] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert_eq!("alice".parse::<Actor>(), Err(InvalidId));
        assert_eq!("off_alice".parse::<Actor>(), Err(InvalidId));
    }
}
