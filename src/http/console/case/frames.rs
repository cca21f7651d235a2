//! Every sampled frame with what was found in it: its box, its landmarks, its numbers.

use maud::{Markup, html};

use crate::http::console::case::compare::{defects, words_of};
use crate::http::console::case::evidence;
use crate::http::console::guest::Guest;
use crate::http::console::words;
use crate::session::examination::{Examination, ExaminationRecord, FaceFinding, FrameFinding};
use crate::session::picture::PictureKind;
use crate::session::time::Timestamp;

/// The strip of small pictures and, below, one frame at a time.
pub(super) fn show(
    guest: &Guest,
    record: &ExaminationRecord,
    report: &Examination,
    now: Timestamp,
) -> Markup {
    let link = |kind| evidence::picture(guest, record.session, record.id, (kind, now));
    html! {
        div.strip role="group" aria-label="Sampled frames" {
            @for frame in &report.frames {
                a.tile href={ "#frame-" (frame.index) } data-frame=(frame.index) {
                    @if frame.face.is_some() {
                        img src=(link(PictureKind::Thumbnail(frame.index))) alt="" loading="lazy" width="64" height="64";
                    } @else {
                        span.tile-empty aria-hidden="true" { "×" }
                    }
                    span { (words_of(frame)) }
                }
            }
        }
        div.shown-frames {
            @for frame in &report.frames {
                figure.frame id={ "frame-" (frame.index) } data-frame-figure=(frame.index) data-time=(frame.time_ms)
                    data-words=(words_of(frame)) data-face=[frame.face.map(|_| link(PictureKind::AlignedFace(frame.index)))] {
                    (picture(report, frame, &link(PictureKind::Frame(frame.index))))
                    noscript { a href=(link(PictureKind::Frame(frame.index))) { "The picture of this frame" } }
                    figcaption { (caption(frame)) }
                }
            }
        }
    }
}

/// The whole frame with the face that was judged: drawn over it, in the video's own pixels.
fn picture(report: &Examination, frame: &FrameFinding, address: &str) -> Markup {
    let video = &report.video;
    let (width, height) = video.upright.unwrap_or((video.width, video.height));
    html! {
        svg.overlaid viewBox={ "0 0 " (width) " " (height) } role="img" aria-label={ "Frame at " (words::offset(frame.time_ms)) } {
            image data-href=(address) width=(width) height=(height) {}
            @if let Some(face) = frame.face { (found(&face)) }
        }
    }
}

fn found(face: &FaceFinding) -> Markup {
    let bounds = face.face_box;
    let radius = (bounds.width / 30.0).max(3.0);
    html! {
        rect.face-box x=(bounds.left) y=(bounds.top) width=(bounds.width) height=(bounds.height) {}
        @for [x, y] in face.landmarks.into_iter().flatten() {
            circle.landmark cx=(x) cy=(y) r=(radius) {}
        }
    }
}

fn caption(frame: &FrameFinding) -> Markup {
    html! {
        strong { (words_of(frame)) }
        " · liveness " (words::percent(frame.liveness))
        @if let Some(face) = frame.face {
            " · sharpness " (format!("{:.0}", face.sharpness))
            " · turned " (format!("{:.0}°", face.pose.yaw))
            @if let Some(mask) = face.mask { " · mask " (words::percent(Some(mask * 100.0))) }
        } @else {
            " · no usable face (" (frame.faces) " seen)"
        }
        (defects(frame.defects.iter().map(|defect| defect.text())))
    }
}
