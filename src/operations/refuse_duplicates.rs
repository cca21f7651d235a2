//! Refuses to enrol a face that is somebody else's in the gallery already.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;
use crate::session::project::Scope;

/// Whose face it is said to be, and from which percentage on it is somebody else's.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicateCheck {
    pub gallery: GalleryRef,
    /// The person who may look like that.
    pub label: String,
    pub min_percentage: f64,
}

impl Operations {
    /// A conflict where somebody of another label is that similar.
    pub async fn refuse_duplicates(
        &self,
        caller: &Caller,
        picture: Vec<u8>,
        check: &DuplicateCheck,
    ) -> Result<(), Error> {
        caller.require(Scope::Enrol)?;
        let policy = FacePolicy::ONE_FACE;
        let looked = self
            .look_for_subject(&caller.place, picture, 0, Wanted::TEMPLATE, policy)
            .await?;
        let templates: Vec<_> = looked
            .faces
            .into_iter()
            .filter_map(|face| face.template)
            .take(1)
            .collect();
        let gallery = self.find_gallery(caller, &check.gallery).await?;
        // The person may be there too, so the two most similar are enough.
        let alike = self
            .search(&gallery, &templates, 2, check.min_percentage)
            .await?;
        if alike
            .iter()
            .any(|candidate| candidate.subject.label != check.label)
        {
            return Err(Error::Conflict {
                reason: "somebody else with this face is enrolled already".to_owned(),
            });
        }
        Ok(())
    }
}
