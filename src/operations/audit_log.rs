//! Reads the audit log: follows its chain, and hands its rows out.

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::audit::{AuditHead, AuditRow, ChainCheck, ChainFault};

/// Rows that are read at once.
const PAGE: u64 = 1_000;

impl Operations {
    /// The end of the log.
    pub async fn audit_head(&self) -> Result<AuditHead, Error> {
        Ok(self.store.audit_head().await?)
    }

    /// The rows that follow a number, a page of them.
    pub async fn audit_rows(&self, after: i64) -> Result<Vec<AuditRow>, Error> {
        Ok(self.store.audit_rows(after, PAGE).await?)
    }

    /// Follows the log from its first row to its end, and past an end that somebody noted: how
    /// many rows there are and what the end is, or where it breaks first.
    pub async fn verify_audit(
        &self,
        noted: Option<AuditHead>,
    ) -> Result<Result<AuditHead, ChainFault>, Error> {
        let mut check = ChainCheck::holding(noted);
        // Numbers start at 1, and a row below that is found as well.
        let mut after = i64::MIN;
        loop {
            // The end first: rows may be added meanwhile, and then they are after it.
            let head = self.audit_head().await?;
            let rows = self.audit_rows(after).await?;
            for row in &rows {
                if let Err(fault) = check.row(row) {
                    return Ok(Err(fault));
                }
                after = row.seq;
            }
            if rows.is_empty() {
                return Ok(check.end(Some(&head)));
            }
        }
    }
}
