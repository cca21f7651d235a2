//! Finds every face of a picture, and for each the people of a gallery most like it (N:N).

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::identify::Candidate;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::pipeline::examiner::LookedFace;
use crate::session::project::Scope;

/// Faces of one picture that are answered, the subject first, then the larger before the smaller.
pub const MOST_FACES: usize = 32;

/// Where each face is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceSearch {
    pub gallery: GalleryRef,
    pub candidates: usize,
    pub min_percentage: f64,
}

/// A face, and who it may be. It holds a face, so it has no `Debug`.
pub struct Detected {
    pub face: LookedFace,
    pub candidates: Vec<Candidate>,
}

impl Operations {
    /// The faces of a picture; none is no error.
    pub async fn detect(
        &self,
        caller: &Caller,
        picture: Vec<u8>,
        search: Option<FaceSearch>,
    ) -> Result<Vec<Detected>, Error> {
        caller.require(Scope::Submit)?;
        Self::refuse_nameless(caller)?;
        if let Some(search) = &search {
            // An unknown gallery is said before any network runs.
            self.find_gallery(caller, &search.gallery).await?;
        }
        let wanted = Wanted {
            templates: MOST_FACES,
            ..Wanted::TEMPLATE
        };
        let looked = self.look(&caller.place, picture, 0, wanted).await?;
        let mut detected = Vec::with_capacity(looked.faces.len());
        for face in looked.faces.into_iter().take(MOST_FACES) {
            let candidates = match (&search, &face.template) {
                (Some(search), Some(template)) => {
                    let gallery = self.find_gallery(caller, &search.gallery).await?;
                    self.search(
                        &gallery,
                        std::slice::from_ref(template),
                        search.candidates,
                        search.min_percentage,
                    )
                    .await?
                }
                (None, _) | (_, None) => Vec::new(),
            };
            detected.push(Detected { face, candidates });
        }
        Ok(detected)
    }
}
