//! Reads the audit log: follows its chain, and hands its rows out.

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::session::audit::{AuditHead, AuditRow, ChainCheck, ChainFault};
use crate::store::error::StoreError;

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

    /// Follows the log from its first row to its end, and past an end that somebody noted, and
    /// holds what it tells of rules, verdicts and decisions against what is kept of them: how many rows
    /// there are and what the end is, or what is wrong first.
    pub async fn verify_audit(
        &self,
        noted: Option<AuditHead>,
    ) -> Result<Result<AuditHead, ChainFault>, Error> {
        let mut check = ChainCheck::holding(noted);
        // Numbers start at 1, and a row below that is found as well.
        let mut after = i64::MIN;
        loop {
            // The end first: rows may be added meanwhile, and then they are after it.
            let head = match self.store.audit_head().await {
                Err(StoreError::NotFound { .. }) => return Ok(Err(ChainFault::Headless)),
                head => head?,
            };
            let rows = self.audit_rows(after).await?;
            for row in &rows {
                if let Err(fault) = check.row(row) {
                    return Ok(Err(fault));
                }
                if let Some(what) = self.store.contradiction(row).await? {
                    return Ok(Err(ChainFault::Contradicted { seq: row.seq, what }));
                }
                after = row.seq;
            }
            if rows.is_empty() {
                return Ok(check.end(Some(&head)));
            }
        }
    }
}
