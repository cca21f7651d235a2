//! Looks at the document photo: whose face is on it, how it was captured, and its embedding.

use crate::pipeline::capture;
use crate::pipeline::defects::Bounds;
use crate::pipeline::examine::FaceExaminer;
use crate::pipeline::examiner::{ExaminationInput, ExamineError};
use crate::pipeline::faces::{comparable, defects_of, face_box, face_finding};
use crate::session::defect::Defect;
use crate::session::examination::{CaptureCode, DocumentFinding};
use crate::vision::embedder::Embedding;
use crate::vision::picture::Picture;
use crate::vision::subject;

/// What a document shows, and its face's embedding if it shows one.
pub(super) type DocumentSeen = (DocumentFinding, Option<Embedding>);

/// What a document tells that is not there.
pub(super) fn nobody() -> DocumentFinding {
    DocumentFinding {
        code: CaptureCode::NoUsableFace,
        width: 0,
        height: 0,
        quarter_turns: 0,
        faces: 0,
        face: None,
        defects: vec![Defect::NoFace],
    }
}

impl FaceExaminer {
    pub(super) fn look_at_document(
        &self,
        input: ExaminationInput<'_>,
    ) -> Result<DocumentSeen, ExamineError> {
        let picture =
            Picture::open(input.document, &self.picture_limits).map_err(ExamineError::Document)?;
        let found = subject::document_subject(&self.networks.detector, &picture)
            .map_err(ExamineError::Vision)?;
        let Some(found) = found else {
            let finding = DocumentFinding {
                width: picture.width(),
                height: picture.height(),
                ..nobody()
            };
            return Ok((finding, None));
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
        let embedding = self
            .networks
            .embedder
            .embed(&found.upright, &found.face)
            .map_err(ExamineError::Vision)?;
        Ok((finding, Some(embedding)))
    }
}
