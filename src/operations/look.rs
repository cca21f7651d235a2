//! Looks at single pictures, a bounded number at a time.

use std::sync::Arc;

use crate::operations::Operations;
use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::operations::picture_fault::{FacePolicy, PictureProblem, problem};
use crate::operations::places::CallPlace;
use crate::pipeline::examiner::{Examiner, LookOrder, Looked};

/// What is wanted of a picture beside its faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Faces that get a template, the subject first.
    pub templates: usize,
    pub mask: bool,
    pub liveness: bool,
}

impl Wanted {
    /// The subject's template and nothing else.
    pub const TEMPLATE: Self = Self {
        templates: 1,
        mask: false,
        liveness: false,
    };
}

impl Operations {
    /// What a picture shows; `number` says which of the call's pictures it is. A call without a place is
    /// told to come back where all are taken.
    ///
    /// No face is no error: a caller that cannot do without asks a [`FacePolicy`].
    pub(crate) async fn look(
        &self,
        place: &CallPlace,
        picture: Vec<u8>,
        number: usize,
        wanted: Wanted,
    ) -> Result<Looked, Error> {
        self.refuse_what_is_not_installed(wanted)?;
        let examiner = self.warm_examiner()?;
        place.take(&self.looking.places)?;
        let turn = self.looking.turns.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let looking = in_background(move || {
            // The turn ends with the work, also when nobody waits for it any more.
            let _turn = turn;
            examiner.look(LookOrder {
                picture: &picture,
                templates: wanted.templates,
                mask: wanted.mask,
                liveness: wanted.liveness,
            })
        });
        match looking.await.map_err(Error::internal)? {
            Ok(looked) if wanted.mask && tells_no_mask(&looked) => {
                Err(Error::NotInstalled { what: "masks" })
            }
            Ok(looked) => Ok(looked),
            Err(error) => match problem(error) {
                Ok(problem) => Err(Error::Picture(problem.of(number))),
                Err(fault) => Err(Error::internal(fault)),
            },
        }
    }

    /// The same, with the subject as the policy asks.
    pub(crate) async fn look_for_subject(
        &self,
        place: &CallPlace,
        picture: Vec<u8>,
        number: usize,
        wanted: Wanted,
        policy: FacePolicy,
    ) -> Result<Looked, Error> {
        let looked = self.look(place, picture, number, wanted).await?;
        policy
            .check(&looked)
            .map_err(|problem: PictureProblem| Error::Picture(problem.of(number)))?;
        Ok(looked)
    }

    /// The networks, once they are warm.
    pub(crate) fn warm_examiner(&self) -> Result<Arc<dyn Examiner>, Error> {
        self.examiner.borrow().clone().ok_or(Error::NotReady)
    }

    fn refuse_what_is_not_installed(&self, wanted: Wanted) -> Result<(), Error> {
        if wanted.mask && self.models.mask.is_none() {
            return Err(Error::NotInstalled { what: "masks" });
        }
        if wanted.liveness && self.models.liveness.is_none() {
            return Err(Error::NotInstalled { what: "liveness" });
        }
        Ok(())
    }
}

/// Whether the pack that was asked told nothing: its silence must not pass for a bare face.
fn tells_no_mask(looked: &Looked) -> bool {
    looked
        .faces
        .first()
        .is_some_and(|face| face.masked.is_none())
}
