//! Decides whether an applicant's pictures may be processed, and on what basis.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::evidence::ConsentKind;
use crate::session::ids::SessionId;
use crate::session::project::ConsentPolicy;

const NONE_RECORDED: &str =
    "this project requires the person's consent before anything is processed, and none is recorded";

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
                reason: NONE_RECORDED.to_owned(),
            }),
        }
    }

    /// Refuses calls that name nobody, where nothing may be processed of whoever has not consented.
    pub(crate) fn refuse_nameless(caller: &Caller) -> Result<(), Error> {
        match caller.project.settings.consent {
            ConsentPolicy::ByContract => Ok(()),
            ConsentPolicy::Required => Err(Error::Refused {
                reason: "this project requires the person's consent before anything is processed, and this call names nobody whose consent could be on record".to_owned(),
            }),
        }
    }

    /// Whether somebody may be enrolled who is known by these names alone: their own, or what the caller calls them. A
    /// refusal under any of them counts, and where consent is required so does its absence under all.
    pub(crate) async fn consent_to_enrol(
        &self,
        caller: &Caller,
        names: &[&str],
    ) -> Result<(), Error> {
        for kind in [ConsentKind::Authorization, ConsentKind::Storage] {
            let mut given = caller.project.settings.consent == ConsentPolicy::ByContract;
            for name in names.iter().filter(|name| !name.trim().is_empty()) {
                let stated = self
                    .store
                    .latest_consent(caller.project.id, None, Some(name), kind)
                    .await?;
                match stated {
                    Some(consent) if consent.given => given = true,
                    Some(_) => {
                        return Err(Error::Refused {
                            reason: "the person has not consented to be examined and to have biometric data kept".to_owned(),
                        });
                    }
                    None => {}
                }
            }
            if !given {
                return Err(Error::Refused {
                    reason: NONE_RECORDED.to_owned(),
                });
            }
        }
        Ok(())
    }
}
