//! Compares the subjects of two pictures as far as they are there: a picture without a face is an answer too.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::picture_fault::{FacePolicy, PictureProblem};
use crate::pipeline::examiner::Looked;
use crate::session::project::Scope;

/// What two pictures show, and how alike their subjects are.
pub struct SeenPair {
    pub one: Looked,
    pub other: Looked,
    /// Whether each has a face that is large enough.
    pub usable: [bool; 2],
    /// 0–100, where both do.
    pub percentage: Option<f64>,
}

impl Operations {
    /// Compares two pictures.
    pub async fn compare_seen(
        &self,
        caller: &Caller,
        one: Vec<u8>,
        other: Vec<u8>,
    ) -> Result<SeenPair, Error> {
        caller.require(Scope::Submit)?;
        Self::refuse_nameless(caller)?;
        let examiner = self.warm_examiner()?;
        let one = self.look(&caller.place, one, 0, Wanted::TEMPLATE).await?;
        let other = self.look(&caller.place, other, 1, Wanted::TEMPLATE).await?;
        let usable = [is_usable(&one, 0)?, is_usable(&other, 1)?];
        let templates = [&one, &other].map(|looked| {
            let first = looked.faces.first();
            first.and_then(|face| face.template.as_ref())
        });
        let percentage = match (usable, templates) {
            ([true, true], [Some(a), Some(b)]) => Some(examiner.percentage(a.similarity(b)?)),
            _ => None,
        };
        Ok(SeenPair {
            one,
            other,
            usable,
            percentage,
        })
    }
}

/// Whether there is a face large enough; several of like size are refused.
fn is_usable(looked: &Looked, number: usize) -> Result<bool, Error> {
    match FacePolicy::ONE_FACE.check(looked) {
        Ok(()) => Ok(true),
        Err(PictureProblem::NoFace | PictureProblem::FaceTooSmall { .. }) => Ok(false),
        Err(problem) => Err(Error::Picture(problem.of(number))),
    }
}
