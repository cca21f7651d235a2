//! Brings a gallery to the pack that decides, from the pictures that were kept. It can be broken
//! off and goes on where it stopped.

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::places::CallPlace;
use crate::session::gallery::{EnrolledFace, Gallery, GalleryKind, PictureKeeping};
use crate::session::ids::ProjectId;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReEmbedded {
    /// Faces of the pack already.
    pub current: u64,
    /// Faces brought to it.
    pub renewed: u64,
    /// Faces whose picture was not kept, or shows no face to this pack's detector: they must be
    /// enrolled again, and until then the gallery is not searched.
    pub stuck: u64,
}

impl Operations {
    /// The galleries of a project with the number of people in each, for the operator.
    pub async fn galleries_of_project(
        &self,
        project: ProjectId,
    ) -> Result<Vec<(Gallery, u64)>, Error> {
        let mut listed = Vec::new();
        for gallery in self.store.galleries(project).await? {
            let people = self.store.count_subjects(gallery.id).await?;
            listed.push((gallery, people));
        }
        Ok(listed)
    }

    /// Renews every face of a gallery that another pack made. Without a name it is about the people
    /// who were enrolled without a gallery; none where there never was one.
    pub async fn re_embed(
        &self,
        project: ProjectId,
        name: Option<&str>,
        progress: &mut (dyn FnMut(ReEmbedded) + Send),
    ) -> Result<Option<ReEmbedded>, Error> {
        let kind = match name {
            Some(_) => GalleryKind::Named,
            None => GalleryKind::Register,
        };
        let found = self
            .store
            .gallery_by_name(project, kind, name.unwrap_or_default())
            .await?;
        let gallery = match (found, name) {
            (Some(gallery), _) => gallery,
            (None, Some(_)) => return Err(Error::NotFound { what: "gallery" }),
            (None, None) => return Ok(None),
        };
        let mut done = ReEmbedded::default();
        let mut after = None;
        loop {
            let (faces, last) = self.store.faces_after(gallery.id, after).await?;
            for face in faces {
                if face.template.pack() == self.models.embedder {
                    done.current += 1;
                } else if self.renew(project, &face).await? {
                    done.renewed += 1;
                } else {
                    done.stuck += 1;
                }
                progress(done);
            }
            if last.is_none() {
                return Ok(Some(done));
            }
            after = last;
        }
    }

    /// A new template from the picture that was kept; tells whether there is one.
    async fn renew(&self, project: ProjectId, face: &EnrolledFace) -> Result<bool, Error> {
        if face.keeping != PictureKeeping::Picture {
            return Ok(false);
        }
        let Some(picture) = self.store.enrolled_picture(project, face.id).await? else {
            return Ok(false);
        };
        let looked = match self
            .look(&CallPlace::default(), picture, 0, Wanted::TEMPLATE)
            .await
        {
            Ok(looked) => looked,
            Err(Error::Picture(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let template = looked
            .faces
            .into_iter()
            .next()
            .and_then(|face| face.template);
        match template {
            Some(template) => Ok(self
                .store
                .replace_template(project, face, &template, self.clock.now())
                .await?),
            None => Ok(false),
        }
    }
}
