//! Tells what a version said in the shadow of the rules that counted.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::read_rules::refuse_bad_limit;
use crate::operations::rule_owner::RuleOwner;
use crate::session::examination::ShadowVerdict;
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::project::Scope;
use crate::session::time::Span;
use crate::session::verdict_table::VerdictTable;
use crate::store::shadow_report::{ShadowDifference, ShadowSpan};

/// Which shadow is asked about.
#[derive(Clone, Copy, Debug)]
pub struct ShadowOrder {
    pub version: u32,
    /// Of the examinations that ended in this time.
    pub span: Span,
    /// The last difference of the page before.
    pub before: Option<ExaminationId>,
    pub limit: u64,
}

/// What the version said beside what counted.
#[derive(Clone, Debug)]
pub struct ShadowReport {
    /// Sessions by the outcome that counted and the outcome in the shadow, each by the newest of
    /// its examinations that the version saw.
    pub table: VerdictTable,
    /// A page of the sessions where the two differ, newest first.
    pub differences: Vec<ShadowDifference>,
}

impl Operations {
    /// What a version said in the shadow.
    pub async fn shadow_report(
        &self,
        owner: &RuleOwner,
        order: ShadowOrder,
    ) -> Result<ShadowReport, Error> {
        refuse_bad_limit(order.limit)?;
        let project = owner.project.id;
        self.version(project, order.version).await?;
        let after = match order.before {
            Some(examination) => {
                let place = self.store.place_of(project, examination).await?;
                Some(place.ok_or(Error::NotFound {
                    what: "examination",
                })?)
            }
            None => None,
        };
        let wanted = ShadowSpan {
            project,
            version: order.version,
            span: order.span,
        };
        let differences = self.store.shadow_differences(wanted, after, order.limit);
        Ok(ShadowReport {
            differences: differences.await?,
            table: self.store.shadow_table(wanted).await?,
        })
    }

    /// What versions in the shadow said of one examination, the newest version first.
    pub async fn shadow_verdicts(
        &self,
        caller: &Caller,
        session: SessionId,
        examination: ExaminationId,
    ) -> Result<Vec<ShadowVerdict>, Error> {
        caller.require(Scope::Rules)?;
        let record = self.find_examination(caller, session, examination).await?;
        Ok(self.store.shadow_verdicts(record.id).await?)
    }
}
