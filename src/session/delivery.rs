//! A result on its way to a caller's address, as those may know it who run the project.

use crate::session::ids::CallbackId;
use crate::session::time::Timestamp;
use crate::session::webhook::EventKind;

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried until it is taken.
    Waiting,
    Taken,
    /// It was tried as often as it is.
    GivenUp,
}

impl DeliveryState {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::GivenUp => "given_up",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Taken, Self::GivenUp]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A result on its way. What is posted stays where it is, and so does the rest of the address: a secret may stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: CallbackId,
    pub host: String,
    /// What happened; none for a call's result.
    pub event: Option<EventKind>,
    pub state: DeliveryState,
    pub attempts: u32,
    pub queued_at: Timestamp,
    /// The next try of one that waits.
    pub next_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}
