//! The document's portrait beside a face of the video, both aligned, under one magnifier.

use maud::{Markup, html};

use crate::http::console::case::evidence;
use crate::http::console::guest::Guest;
use crate::http::console::words;
use crate::session::examination::{Examination, ExaminationRecord, FrameFinding};
use crate::session::picture::PictureKind;
use crate::session::time::Timestamp;

/// The frame with the face that resembles the document's most: what an officer compares first.
pub(super) fn best_frame(report: &Examination) -> Option<&FrameFinding> {
    report
        .frames
        .iter()
        .filter(|frame| frame.face.is_some())
        .max_by(|one, other| {
            one.percentage
                .unwrap_or(-1.0)
                .total_cmp(&other.percentage.unwrap_or(-1.0))
        })
}

/// Both faces, the magnifier, and the way to the whole document.
pub(super) fn show(
    guest: &Guest,
    record: &ExaminationRecord,
    report: &Examination,
    now: Timestamp,
) -> Markup {
    let link = |kind| evidence::picture(guest, record.session, record.id, (kind, now));
    let best = best_frame(report);
    html! {
        section.card aria-labelledby="compare-title" {
            div.head {
                h2 #compare-title { "Same person?" }
                button.quiet.push type="button" data-magnify aria-pressed="false" data-key="m" {
                    "Magnifier " kbd aria-hidden="true" { "M" }
                }
            }
            div.faces {
                figure {
                    div.lens {
                        @if report.document.face.is_some() {
                            img src=(link(PictureKind::Portrait)) alt="The document's portrait, aligned by its eyes" width="320" height="400";
                        } @else {
                            p.empty { "No usable face on the document." }
                        }
                    }
                    figcaption { "Document" (defects(report.document.defects.iter().map(|defect| defect.text()))) }
                }
                figure {
                    div.lens {
                        @if let Some(frame) = best {
                            img #chosen-face src=(link(PictureKind::AlignedFace(frame.index))) alt="The face of the chosen frame, aligned by its eyes"
                                width="320" height="400";
                        } @else {
                            p.empty { "No frame of the video has a usable face." }
                        }
                    }
                    figcaption {
                        @if let Some(frame) = best {
                            "Video, " span #chosen-words { (words_of(frame)) }
                        } @else { "Video" }
                    }
                }
            }
            details {
                summary { "The whole document" }
                img.whole loading="lazy" src=(link(PictureKind::Document)) alt="The document as it was photographed, upright"
                    width=(report.document.width) height=(report.document.height);
            }
        }
    }
}

/// When a frame was, and how much its face resembles the document's.
pub(super) fn words_of(frame: &FrameFinding) -> String {
    format!(
        "{}, match {}",
        words::offset(frame.time_ms),
        words::percent(frame.percentage)
    )
}

/// What is wrong with a picture, in words.
pub(super) fn defects<'a>(defects: impl Iterator<Item = &'a str>) -> Markup {
    let defects: Vec<&str> = defects.collect();
    html! {
        @if !defects.is_empty() { span.hint { " · " (defects.join(" · ")) } }
    }
}
