//! The body of a table of verdicts: before, then after.

use serde::Serialize;
use utoipa::ToSchema;

use crate::scoring::verdict::Outcome;
use crate::session::verdict_table::VerdictTable;

/// Sessions by the outcome that counts (the outer name) and the other one (the inner name).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = native::VerdictTableBody)]
pub struct VerdictTableBody {
    pub pass: OutcomeCounts,
    pub refer: OutcomeCounts,
    pub fail: OutcomeCounts,
}

/// Sessions by outcome.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = native::OutcomeCounts)]
pub struct OutcomeCounts {
    pub pass: u64,
    pub refer: u64,
    pub fail: u64,
}

impl From<&VerdictTable> for VerdictTableBody {
    fn from(table: &VerdictTable) -> Self {
        let of = |before| OutcomeCounts {
            pass: table.count(before, Outcome::Pass),
            refer: table.count(before, Outcome::Refer),
            fail: table.count(before, Outcome::Fail),
        };
        Self {
            pass: of(Outcome::Pass),
            refer: of(Outcome::Refer),
            fail: of(Outcome::Fail),
        }
    }
}
