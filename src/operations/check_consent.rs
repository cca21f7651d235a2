//! Decides whether an applicant's pictures may be processed, and on what basis.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::evidence::ConsentKind;
use crate::session::ids::SessionId;
use crate::session::project::ConsentPolicy;

impl Operations {
    /// The basis that is kept with every verdict: `given`, or `by_contract`.
    ///
    /// An explicit refusal stops processing whatever the project's policy is.
    pub(crate) async fn consent_basis(
        &self,
        caller: &Caller,
        session: Option<SessionId>,
        subject_name: Option<&str>,
    ) -> Result<String, Error> {
        let stated = self
            .store
            .latest_consent(
                caller.project.id,
                session,
                subject_name.map(str::trim),
                ConsentKind::Authorization,
            )
            .await?;
        match (stated, caller.project.settings.consent) {
            (Some(consent), _) if consent.given => Ok("given".to_owned()),
            (Some(_), _) => Err(Error::Refused {
                reason: "the person has not consented: is_consent_given was false".to_owned(),
            }),
            (None, ConsentPolicy::ByContract) => Ok("by_contract".to_owned()),
            (None, ConsentPolicy::Required) => Err(Error::Refused {
                reason: "this project requires the person's consent before anything is processed, and none is recorded".to_owned(),
            }),
        }
    }
}
