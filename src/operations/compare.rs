//! Compares two of {pictures, template, enrolled person}.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;
use crate::pipeline::examiner::Looked;
use crate::session::gallery::Subject;
use crate::session::project::Scope;
use crate::session::template::{OtherPack, Template};

/// One side of a comparison. It holds faces, so it has no `Debug`.
pub enum Probe {
    /// Pictures of one person.
    Pictures(Vec<Vec<u8>>),
    Template(Template),
    Enrolled {
        gallery: GalleryRef,
        label: String,
    },
}

/// One side as it was seen.
pub struct Side {
    pub templates: Vec<Template>,
    /// What each picture shows, where the side was pictures.
    pub looked: Vec<Looked>,
    /// Who it is, where the side was an enrolled person.
    pub subject: Option<Subject>,
}

/// How alike the two sides are: the most similar two of their faces count.
pub struct Comparison {
    /// Cosine, −1 to 1.
    pub similarity: f32,
    /// By the pack's calibration, 0–100.
    pub percentage: f64,
    pub pack: String,
    pub one: Side,
    pub other: Side,
}

impl Operations {
    /// Compares two sides. Pictures are counted through, those of the first side first.
    pub async fn compare(
        &self,
        caller: &Caller,
        one: Probe,
        other: Probe,
        wanted: Wanted,
        policy: FacePolicy,
    ) -> Result<Comparison, Error> {
        caller.require(Scope::Submit)?;
        Self::refuse_nameless(caller)?;
        let examiner = self.warm_examiner()?;
        // Somebody unknown is said before any network runs.
        for probe in [&one, &other] {
            if let Probe::Enrolled { gallery, label } = probe {
                self.find_person(caller, gallery, label).await?;
            }
        }
        let one = self.side(caller, one, 0, wanted, policy).await?;
        let first_of_other = one.looked.len();
        // Liveness and masks are asked of the first side: the probe.
        let other = self
            .side(caller, other, first_of_other, Wanted::TEMPLATE, policy)
            .await?;
        let (similarity, pack) = best_similarity(&one.templates, &other.templates)?
            .ok_or_else(|| Error::invalid("a comparison needs a face on either side"))?;
        if pack != self.models.embedder {
            return Err(self.other_pack(&pack));
        }
        Ok(Comparison {
            similarity,
            percentage: examiner.percentage(similarity),
            pack,
            one,
            other,
        })
    }

    /// A template that a caller sends back, which must be of the pack that decides.
    pub fn template(&self, pack: Option<&str>, vector: Vec<f32>) -> Result<Template, Error> {
        let pack = pack.unwrap_or(&self.models.embedder);
        if pack != self.models.embedder {
            return Err(self.other_pack(pack));
        }
        Template::new(pack, vector).ok_or_else(|| {
            Error::invalid("an embedding is a list of numbers, not all of them zero")
        })
    }

    pub(crate) async fn side(
        &self,
        caller: &Caller,
        probe: Probe,
        first: usize,
        wanted: Wanted,
        policy: FacePolicy,
    ) -> Result<Side, Error> {
        match probe {
            Probe::Template(template) => Ok(Side {
                templates: vec![template],
                looked: Vec::new(),
                subject: None,
            }),
            Probe::Enrolled { gallery, label } => {
                let subject = self.find_person(caller, &gallery, &label).await?;
                let faces = self.store.faces(&[subject.id]).await?;
                Ok(Side {
                    templates: faces.into_iter().map(|face| face.template).collect(),
                    looked: Vec::new(),
                    subject: Some(subject),
                })
            }
            Probe::Pictures(pictures) => {
                let mut side = Side {
                    templates: Vec::new(),
                    looked: Vec::new(),
                    subject: None,
                };
                for (index, picture) in pictures.into_iter().enumerate() {
                    let looked = self
                        .look_for_subject(&caller.place, picture, first + index, wanted, policy)
                        .await?;
                    side.templates
                        .extend(looked.faces.first().and_then(|face| face.template.clone()));
                    side.looked.push(looked);
                }
                Ok(side)
            }
        }
    }

    pub(crate) fn other_pack(&self, pack: &str) -> Error {
        Error::OtherPack(OtherPack {
            one: self.models.embedder.clone(),
            other: pack.to_owned(),
        })
    }
}

/// The similarity of the two most similar templates of either side, and their pack.
pub(crate) fn best_similarity(
    one: &[Template],
    other: &[Template],
) -> Result<Option<(f32, String)>, OtherPack> {
    let mut best: Option<(f32, &str)> = None;
    for a in one {
        for b in other {
            let similarity = a.similarity(b)?;
            if best.is_none_or(|(most, _)| similarity > most) {
                best = Some((similarity, a.pack()));
            }
        }
    }
    Ok(best.map(|(similarity, pack)| (similarity, pack.to_owned())))
}
