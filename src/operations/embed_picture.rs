//! Turns the face of a picture into a template and hands it out.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::picture_fault::FacePolicy;
use crate::session::project::Scope;
use crate::session::template::Template;

impl Operations {
    /// The template of the one face in a picture. Nothing is kept of either.
    pub async fn embed_picture(
        &self,
        caller: &Caller,
        picture: Vec<u8>,
    ) -> Result<Template, Error> {
        caller.require(Scope::Submit)?;
        Self::refuse_nameless(caller)?;
        let looked = self
            .look_for_subject(
                &caller.place,
                picture,
                0,
                Wanted::TEMPLATE,
                FacePolicy::ONE_FACE,
            )
            .await?;
        looked
            .faces
            .into_iter()
            .next()
            .and_then(|face| face.template)
            .ok_or_else(|| Error::internal(std::io::Error::other("a face without a template")))
    }
}
