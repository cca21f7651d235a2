//! Closes a session: nothing more is taken for it.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::ids::SessionId;
use crate::session::project::Scope;
use crate::session::status::{Move, SessionStatus};

impl Operations {
    /// Ends the session. Ending an ended session changes nothing and is no error.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        caller.require(Scope::Submit)?;
        let session = self.find_session(caller, id).await?;
        if session.status == SessionStatus::Ended {
            return Ok(());
        }
        self.store
            .move_session(id, Move::End, self.clock.now())
            .await?;
        Ok(())
    }
}
