//! What is said of each reason, to officers and to applicants, in the order of the codes.

use crate::scoring::reasons::{ReasonCode, ReasonFacts, ReasonSource};

/// Told wherever an attack may have been caught, so that the text does not say which look caught it.
const NOT_CONFIRMED: &str = "We could not confirm your identity with this recording. Please try again: face the \
    camera in good light and keep your document at hand.";

/// Told while a person looks, and where that is all there is to say.
const BEING_LOOKED_AT: &str =
    "A member of our team will look at your recording. You do not need to do anything now.";

/// Every reason. Rules first, then the service, then officers.
pub(super) const REASONS: [ReasonFacts; 30] = [
    ReasonFacts {
        code: ReasonCode::FaceMismatch,
        name: "FACE_MISMATCH",
        source: ReasonSource::Rules,
        officer: "The face in the video is not similar enough to the face on the document.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::FaceChanges,
        name: "FACE_CHANGES",
        source: ReasonSource::Rules,
        officer: "Some frames of the video show a face that does not match the document, or the match varies too much.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::FaceNotVisible,
        name: "FACE_NOT_VISIBLE",
        source: ReasonSource::Rules,
        officer: "Too few frames of the video show a face clearly.",
        applicant: "We could not see your face well enough. Please record the video again and keep your whole face in the picture.",
    },
    ReasonFacts {
        code: ReasonCode::FaceTooSmall,
        name: "FACE_TOO_SMALL",
        source: ReasonSource::Rules,
        officer: "The face in the video is too small to compare well.",
        applicant: "Your face is too far away. Please come closer to the camera and record the video again.",
    },
    ReasonFacts {
        code: ReasonCode::SeveralPeople,
        name: "SEVERAL_PEOPLE",
        source: ReasonSource::Rules,
        officer: "More than one person is seen in the video at a comparable size.",
        applicant: "Please record the video again with nobody else in the picture.",
    },
    ReasonFacts {
        code: ReasonCode::HeadTurned,
        name: "HEAD_TURNED",
        source: ReasonSource::Rules,
        officer: "The head is turned away from the camera.",
        applicant: "Please record the video again and look straight into the camera.",
    },
    ReasonFacts {
        code: ReasonCode::VideoBlurred,
        name: "VIDEO_BLURRED",
        source: ReasonSource::Rules,
        officer: "The face in the video is blurred.",
        applicant: "The video is not sharp. Please clean the lens, hold the camera still and record it again.",
    },
    ReasonFacts {
        code: ReasonCode::VideoTooDark,
        name: "VIDEO_TOO_DARK",
        source: ReasonSource::Rules,
        officer: "The face in the video is too dark.",
        applicant: "The video is too dark. Please record it again in a brighter place.",
    },
    ReasonFacts {
        code: ReasonCode::VideoTooBright,
        name: "VIDEO_TOO_BRIGHT",
        source: ReasonSource::Rules,
        officer: "The face in the video is overexposed.",
        applicant: "The video is too bright. Please record it again away from strong light.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentFaceMissing,
        name: "DOCUMENT_FACE_MISSING",
        source: ReasonSource::Rules,
        officer: "No face was found on the document.",
        applicant: "We could not find the portrait on your document. Please photograph the side with the portrait, whole and uncovered.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentSeveralFaces,
        name: "DOCUMENT_SEVERAL_FACES",
        source: ReasonSource::Rules,
        officer: "More faces than expected were found on the document.",
        applicant: "Please photograph one document alone, with nobody in the picture.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentFaceTooSmall,
        name: "DOCUMENT_FACE_TOO_SMALL",
        source: ReasonSource::Rules,
        officer: "The face on the document has too few pixels to compare.",
        applicant: "Your document is too far away. Please photograph it from closer.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentBlurred,
        name: "DOCUMENT_BLURRED",
        source: ReasonSource::Rules,
        officer: "The face on the document is blurred.",
        applicant: "The photo of your document is not sharp. Please hold the camera still and take it again.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentTooDark,
        name: "DOCUMENT_TOO_DARK",
        source: ReasonSource::Rules,
        officer: "The face on the document is too dark.",
        applicant: "The photo of your document is too dark. Please take it again in a brighter place.",
    },
    ReasonFacts {
        code: ReasonCode::DocumentTooBright,
        name: "DOCUMENT_TOO_BRIGHT",
        source: ReasonSource::Rules,
        officer: "The face on the document is overexposed.",
        applicant: "There is too much light on your document. Please take the photo again without glare.",
    },
    ReasonFacts {
        code: ReasonCode::LivenessNotShown,
        name: "LIVENESS_NOT_SHOWN",
        source: ReasonSource::Rules,
        officer: "The examination did not show that a live person was filmed.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::LivenessNotExamined,
        name: "LIVENESS_NOT_EXAMINED",
        source: ReasonSource::Rules,
        officer: "Nothing examined whether a live person was filmed.",
        applicant: BEING_LOOKED_AT,
    },
    ReasonFacts {
        code: ReasonCode::NotExamined,
        name: "NOT_EXAMINED",
        source: ReasonSource::Rules,
        officer: "A rule names something that was not measured.",
        applicant: BEING_LOOKED_AT,
    },
    ReasonFacts {
        code: ReasonCode::RuleNotMet,
        name: "RULE_NOT_MET",
        source: ReasonSource::Rules,
        officer: "A rule over several signals is not met; its sentence has the numbers.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::ReviewRequired,
        name: "REVIEW_REQUIRED",
        source: ReasonSource::Rules,
        officer: "The rules send every session to a person, or have no condition that judges this one.",
        applicant: BEING_LOOKED_AT,
    },
    ReasonFacts {
        code: ReasonCode::DocumentUnreadable,
        name: "DOCUMENT_UNREADABLE",
        source: ReasonSource::Service,
        officer: "The document's file cannot be read as a picture.",
        applicant: "We could not open the photo of your document. Please take it again.",
    },
    ReasonFacts {
        code: ReasonCode::VideoUnreadable,
        name: "VIDEO_UNREADABLE",
        source: ReasonSource::Service,
        officer: "The video's file cannot be read, or holds no frame.",
        applicant: "We could not open your video. Please record it again.",
    },
    ReasonFacts {
        code: ReasonCode::ServiceFailure,
        name: "SERVICE_FAILURE",
        source: ReasonSource::Service,
        officer: "The service could not carry out the examination; the evidence is not to blame.",
        applicant: "Something went wrong on our side. Please try again later.",
    },
    ReasonFacts {
        code: ReasonCode::ResubmissionsUsedUp,
        name: "RESUBMISSIONS_USED_UP",
        source: ReasonSource::Service,
        officer: "The applicant has used every try to submit again.",
        applicant: "You have no more tries left. Please contact us to continue.",
    },
    ReasonFacts {
        code: ReasonCode::IdentityConfirmed,
        name: "IDENTITY_CONFIRMED",
        source: ReasonSource::Officer,
        officer: "An officer confirmed the identity.",
        applicant: "Your identity is confirmed. Thank you.",
    },
    ReasonFacts {
        code: ReasonCode::SuspectedFraud,
        name: "SUSPECTED_FRAUD",
        source: ReasonSource::Officer,
        officer: "An officer suspects fraud.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::DocumentNotAccepted,
        name: "DOCUMENT_NOT_ACCEPTED",
        source: ReasonSource::Officer,
        officer: "An officer does not accept the document.",
        applicant: "We cannot accept this document. Please use another valid one.",
    },
    ReasonFacts {
        code: ReasonCode::CaptureNotAccepted,
        name: "CAPTURE_NOT_ACCEPTED",
        source: ReasonSource::Officer,
        officer: "An officer cannot decide on this capture and wants a better one.",
        applicant: "We need a better recording. Please try again in good light, with your face and your document clearly visible.",
    },
    ReasonFacts {
        code: ReasonCode::PersonNotTheSame,
        name: "PERSON_NOT_THE_SAME",
        source: ReasonSource::Officer,
        officer: "An officer sees another person in the video than on the document.",
        applicant: NOT_CONFIRMED,
    },
    ReasonFacts {
        code: ReasonCode::Other,
        name: "OTHER",
        source: ReasonSource::Officer,
        officer: "An officer decided for a reason given in the note.",
        applicant: "Please contact us to continue.",
    },
];
