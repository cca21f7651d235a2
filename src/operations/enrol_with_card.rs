//! Enrols the person of a selfie with an identity card in hand, if the two faces are one person's.

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::enrol::{EnrolRequest, Enrolled, LookedAt};
use crate::operations::error::Error;
use crate::operations::look::Wanted;
use crate::operations::picture_fault::{FacePolicy, PictureProblem};
use crate::pipeline::examiner::Looked;
use crate::session::project::Scope;
use crate::session::template::Template;

/// Who is to be enrolled, and how alike the card must be.
pub struct CardEnrolmentOrder {
    pub person: EnrolRequest,
    pub picture: Vec<u8>,
    /// The project's percentage, a floor.
    pub threshold: f64,
    /// The percentage that the call asks for; it may raise the floor and never lowers it.
    pub asked: Option<f64>,
    /// Ask whether the larger face wears a mask.
    pub mask: bool,
}

/// What came of it.
pub enum CardEnrolment {
    /// The picture shows a person and no card.
    OneFaceOnly,
    /// The two are not alike enough, and nobody was enrolled.
    Unlike(Likeness),
    Enrolled(Likeness, Enrolled),
}

/// How alike the two faces are.
#[derive(Clone, Copy, Debug)]
pub struct Likeness {
    /// 0–100.
    pub percentage: f64,
    /// Whether the larger face wears a mask, where it was asked.
    pub masked: Option<bool>,
}

/// The person's face is held to the usual least size. The card's is as large as it is.
const PERSON_AND_CARD: FacePolicy = FacePolicy {
    alone: false,
    ..FacePolicy::ONE_FACE
};

impl Operations {
    /// Compares the larger face of the picture with the next one, and enrols the larger if they match.
    pub async fn enrol_with_card(
        &self,
        caller: &Caller,
        order: CardEnrolmentOrder,
    ) -> Result<CardEnrolment, Error> {
        caller.require(Scope::Enrol)?;
        let label = order.person.label.as_deref().unwrap_or_default();
        self.consent_to_enrol(caller, &[order.person.name.as_str(), label])
            .await?;
        // An unknown gallery is said before any network runs.
        for gallery in &order.person.galleries {
            self.find_gallery(caller, gallery).await?;
        }
        let wanted = Wanted {
            templates: 2,
            mask: order.mask,
            liveness: false,
        };
        let looked = self
            .look_for_subject(
                &caller.place,
                order.picture.clone(),
                0,
                wanted,
                PERSON_AND_CARD,
            )
            .await?;
        let Some((person, card)) = person_and_card(&looked)? else {
            return Ok(CardEnrolment::OneFaceOnly);
        };
        let likeness = Likeness {
            percentage: self.warm_examiner()?.percentage(person.similarity(card)?),
            masked: looked.faces.first().and_then(|face| face.masked),
        };
        let least = order
            .asked
            .map_or(order.threshold, |asked| asked.max(order.threshold));
        if likeness.percentage < least {
            return Ok(CardEnrolment::Unlike(likeness));
        }
        let seen = vec![LookedAt {
            picture: order.picture,
            looked,
        }];
        let enrolled = self.enrol_looked_at(caller, order.person, seen).await?;
        Ok(CardEnrolment::Enrolled(likeness, enrolled))
    }
}

/// The larger face and the next one. Three of like size are not a person with a card.
fn person_and_card(looked: &Looked) -> Result<Option<(&Template, &Template)>, Error> {
    if looked.comparable > 2 {
        let problem = PictureProblem::SeveralFaces {
            count: looked.comparable,
        };
        return Err(Error::Picture(problem.of(0)));
    }
    let mut templates = looked.faces.iter().map(|face| face.template.as_ref());
    let (person, card) = (templates.next().flatten(), templates.next().flatten());
    Ok(person.zip(card))
}
