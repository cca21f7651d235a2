//! Searches a gallery for the people most like a probe (1:N).

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::background::in_background;
use crate::operations::compare::{Probe, Side};
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::operations::picture_fault::FacePolicy;
use crate::session::gallery::{Gallery, Subject};
use crate::session::project::Scope;
use crate::session::template::Template;

/// Candidates answered at most.
pub const MOST_CANDIDATES: usize = 1_000;

/// What to look for, where, and how much of it.
pub struct Identification {
    pub gallery: GalleryRef,
    pub probe: Probe,
    /// Candidates wanted, up to [`MOST_CANDIDATES`].
    pub candidates: usize,
    /// From which percentage on somebody is a candidate.
    pub min_percentage: f64,
    pub wanted: Wanted,
    pub policy: FacePolicy,
}

/// Somebody who may be the person that is looked for.
#[derive(Debug)]
pub struct Candidate {
    pub subject: Subject,
    /// Cosine, −1 to 1.
    pub similarity: f32,
    /// 0–100.
    pub percentage: f64,
}

/// Whom a search found, the most similar first.
pub struct Identified {
    pub candidates: Vec<Candidate>,
    pub probe: Side,
}

impl Operations {
    /// The people of a gallery most like the probe. Nobody else's gallery is ever looked at.
    pub async fn identify(
        &self,
        caller: &Caller,
        order: Identification,
    ) -> Result<Identified, Error> {
        caller.require(Scope::Submit)?;
        Self::refuse_nameless(caller)?;
        // An unknown gallery is said before any network runs, and read again afterwards, so that
        // who was deleted meanwhile is not found.
        self.find_gallery(caller, &order.gallery).await?;
        let probe = self
            .side(caller, order.probe, 0, order.wanted, order.policy)
            .await?;
        let gallery = self.find_gallery(caller, &order.gallery).await?;
        let candidates = self
            .search(
                &gallery,
                &probe.templates,
                order.candidates,
                order.min_percentage,
            )
            .await?;
        Ok(Identified { candidates, probe })
    }

    /// The people of a gallery most like any of the templates.
    pub(crate) async fn search(
        &self,
        gallery: &Gallery,
        templates: &[Template],
        count: usize,
        min_percentage: f64,
    ) -> Result<Vec<Candidate>, Error> {
        let examiner = self.warm_examiner()?;
        let pack = self.models.embedder.clone();
        if let Some(other) = templates.iter().find(|template| template.pack() != pack) {
            return Err(self.other_pack(other.pack()));
        }
        let resident = self
            .residents
            .up_to_date(&self.store, gallery, &pack)
            .await?;
        if let Some(foreign) = resident.foreign_pack() {
            return Err(self.other_pack(foreign));
        }
        let probes: Vec<Vec<f32>> = templates
            .iter()
            .map(|template| template.vector().to_vec())
            .collect();
        let count = count.min(MOST_CANDIDATES);
        let searching = in_background(move || {
            let mut hits = Vec::new();
            for probe in &probes {
                hits.extend(resident.faces.search(probe, count));
            }
            hits
        });
        let mut hits = searching.await.map_err(Error::internal)?;
        hits.sort_by(|a, b| {
            b.similarity
                .total_cmp(&a.similarity)
                .then(a.subject.cmp(&b.subject))
        });
        let mut seen = std::collections::HashSet::new();
        hits.retain(|hit| seen.insert(hit.subject));
        hits.truncate(count);
        hits.retain(|hit| examiner.percentage(hit.similarity) >= min_percentage);
        let ids: Vec<_> = hits.iter().map(|hit| hit.subject).collect();
        let mut people = self.store.subjects(&ids).await?;
        let mut candidates = Vec::with_capacity(hits.len());
        for hit in hits {
            // Who was deleted since is left out.
            let Some(at) = people.iter().position(|person| person.id == hit.subject) else {
                continue;
            };
            candidates.push(Candidate {
                subject: people.swap_remove(at),
                similarity: hit.similarity,
                percentage: examiner.percentage(hit.similarity),
            });
        }
        Ok(candidates)
    }
}
