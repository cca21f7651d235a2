//! Which request asked for work that is done later, so that what is logged of either can be found from the other.

use serde::{Deserialize, Serialize};

/// The request, and where it stands in a trace that its caller keeps. Neither is read by anything that judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The request's identifier, as it was answered in `X-Request-Id`.
    pub request: String,
    /// W3C Trace Context, where traces are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}
