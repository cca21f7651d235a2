//! Looks at the document photo: whose face is on it, how it was captured, and its embedding.

use crate::pipeline::capture;
use crate::pipeline::defects::Bounds;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::{ExaminationInput, ExamineError, KeptPicture};
use crate::pipeline::faces::{comparable, defects_of, face_box, face_finding};
use crate::pipeline::pictures;
use crate::session::defect::Defect;
use crate::session::examination::{CaptureCode, DocumentFinding};
use crate::vision::detector::Face;
use crate::vision::embedder::Embedding;
use crate::vision::picture::Picture;
use crate::vision::subject;

/// What a document shows.
pub(super) struct DocumentSeen {
    pub(super) finding: DocumentFinding,
    /// Its face's, if it shows one.
    pub(super) embedding: Option<Embedding>,
    pub(super) pictures: Vec<KeptPicture>,
}

impl DocumentSeen {
    /// What a document tells that is not there.
    pub(super) fn nobody() -> Self {
        Self {
            finding: DocumentFinding {
                code: CaptureCode::NoUsableFace,
                width: 0,
                height: 0,
                quarter_turns: 0,
                faces: 0,
                face: None,
                defects: vec![Defect::NoFace],
            },
            embedding: None,
            pictures: Vec::new(),
        }
    }
}

impl FaceExaminer {
    pub(super) fn look_at_document(
        &self,
        input: ExaminationInput<'_>,
    ) -> Result<DocumentSeen, ExamineError> {
        let picture = self
            .decoding
            .open_picture(input.document, &self.picture_limits)
            .map_err(ExamineError::Document)?;
        let found = subject::document_subject(&self.networks.detector, &picture)
            .map_err(ExamineError::Vision)?;
        let Some(found) = found else {
            return without_a_face(&picture, input);
        };
        let size = (found.upright.width(), found.upright.height());
        let comparable = comparable(&found.face, &found.all);
        let worn = self.networks.mask.worn(&found.upright, &found.face);
        let worn = worn.map_err(ExamineError::Vision)?;
        let face = face_finding(&found.upright, &found.face, Some(worn));
        let finding = DocumentFinding {
            code: capture::document_code(Some(face_box(&found.face)), comparable, size),
            width: size.0,
            height: size.1,
            quarter_turns: found.quarter_turns,
            faces: found.all.len() as u32,
            face: Some(face),
            defects: defects_of(&face, (&found.face, comparable), size, &Bounds::DOCUMENT),
        };
        let (embedding, pictures) = rayon::join(
            || self.networks.embedder.embed(&found.upright, &found.face),
            || kept(input, &found.upright, Some(&found.face)),
        );
        Ok(DocumentSeen {
            finding,
            embedding: Some(embedding.map_err(ExamineError::Vision)?),
            pictures: pictures?,
        })
    }
}

/// A document on which nobody was found, at whichever orientation it came.
fn without_a_face(
    picture: &Picture,
    input: ExaminationInput<'_>,
) -> Result<DocumentSeen, ExamineError> {
    let mut seen = DocumentSeen::nobody();
    seen.finding.width = picture.width();
    seen.finding.height = picture.height();
    seen.pictures = kept(input, picture, None)?;
    Ok(seen)
}

fn kept(
    input: ExaminationInput<'_>,
    upright: &Picture,
    face: Option<&Face>,
) -> Result<Vec<KeptPicture>, ExamineError> {
    if !input.pictures {
        return Ok(Vec::new());
    }
    pictures::of_document(upright, face).map_err(ExamineError::Vision)
}
