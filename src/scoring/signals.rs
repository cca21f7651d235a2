//! The one vocabulary that rules may speak about.

use serde::{Deserialize, Serialize};

/// The numbers of one examination; `None` where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    pub percentages: Vec<f64>,
}
