//! The timeline: match, liveness and sharpness of every sampled frame over the video's time, with the bounds that judged.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::http::console::words;
use crate::scoring::condition::Test;
use crate::scoring::reading::Reading;
use crate::scoring::rules::Rules;
use crate::session::examination::{Examination, ExaminationRecord, FrameFinding};

/// The drawing's size, and what is left free for numbers.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;

/// A line of the chart: its name, its number for colours, and its value of a frame from 0 to 100.
struct Series {
    name: &'static str,
    number: u8,
    value: Value,
}

/// What a line reads of a frame, and what it calls a hundred.
type Value = Box<dyn Fn(&FrameFinding) -> Option<f64>>;

/// A bound of the rules that judged, on the chart's scale.
struct Bound {
    label: String,
    value: f64,
}

/// The chart, what its lines are, and the same as a table.
pub(super) fn show(record: &ExaminationRecord, report: &Examination) -> Markup {
    let length = length(report);
    let sharpest = report
        .frames
        .iter()
        .filter_map(|frame| frame.face.map(|face| f64::from(face.sharpness)))
        .fold(1.0, f64::max);
    let series = [
        Series {
            name: "Match",
            number: 1,
            value: Box::new(|frame| frame.percentage),
        },
        Series {
            name: "Liveness",
            number: 2,
            value: Box::new(|frame| frame.liveness),
        },
        Series {
            name: "Sharpness, of the sharpest frame",
            number: 3,
            value: Box::new(move |frame| {
                frame
                    .face
                    .map(|face| f64::from(face.sharpness) / sharpest * 100.0)
            }),
        },
    ];
    let bounds = bounds(record);
    html! {
        figure.timeline {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-labelledby="timeline-title" data-length=(length) data-left=(LEFT) data-width=(WIDTH - LEFT - RIGHT) {
                title #timeline-title { "Match, liveness and sharpness over the video's time" }
                (axes(length))
                @for bound in &bounds { (bound_line(bound)) }
                @for line in &series { path class={ "line-" (line.number) } d=(path(report, line, length)) {} }
                line #playhead .playhead x1=(LEFT) x2=(LEFT) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
                @for frame in &report.frames { (point(frame, &series, length)) }
            }
            (legend(&series, &bounds))
        }
    }
}

fn length(report: &Examination) -> u64 {
    let last = report.frames.last().map_or(0, |frame| frame.time_ms);
    report.video.duration_ms.unwrap_or(0).max(last).max(1)
}

fn x(time_ms: u64, length: u64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * (time_ms as f64 / length as f64).min(1.0)
}

fn y(value: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value.clamp(0.0, 100.0) / 100.0)
}

fn axes(length: u64) -> Markup {
    html! {
        @for value in [0, 25, 50, 75, 100] {
            line.axis x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y(f64::from(value))) y2=(y(f64::from(value))) {}
            text x=(LEFT - 6.0) y=(y(f64::from(value)) + 4.0) text-anchor="end" { (value) }
        }
        @for part in 0..=4_u64 {
            text x=(x(length * part / 4, length)) y=(HEIGHT - 6.0) text-anchor=(if part == 0 { "start" } else if part == 4 { "end" } else { "middle" }) {
                (words::offset(length * part / 4))
            }
        }
    }
}

/// A line through the frames that have a value; it is broken where one has none.
fn path(report: &Examination, line: &Series, length: u64) -> String {
    let mut path = String::new();
    let mut is_broken = true;
    for frame in &report.frames {
        match (line.value)(frame) {
            Some(value) => {
                let command = if is_broken { 'M' } else { 'L' };
                // Writing to a string cannot fail.
                let _ = write!(
                    path,
                    "{command}{:.1} {:.1} ",
                    x(frame.time_ms, length),
                    y(value)
                );
                is_broken = false;
            }
            None => is_broken = true,
        }
    }
    path
}

/// Where one clicks to see a frame: a column as high as the chart, with a dot a line.
fn point(frame: &FrameFinding, series: &[Series], length: u64) -> Markup {
    let at = x(frame.time_ms, length);
    let values: Vec<String> = series
        .iter()
        .map(|line| format!("{} {}", line.name, words::percent((line.value)(frame))))
        .collect();
    let label = format!(
        "Frame at {}: {}",
        words::offset(frame.time_ms),
        values.join(", ")
    );
    html! {
        a.point href={ "#frame-" (frame.index) } data-frame=(frame.index) aria-label=(label) {
            title { (label) }
            rect.column x=(at - 11.0) y=(TOP) width="22" height=(HEIGHT - TOP - BOTTOM) {}
            @for line in series {
                @if let Some(value) = (line.value)(frame) {
                    circle class={ "dot-" (line.number) } cx=(at) cy=(y(value)) r="4.5" {}
                }
            }
            @if frame.face.is_none() {
                text.cross x=(at) y=(y(50.0)) text-anchor="middle" { "×" }
            }
        }
    }
}

fn bound_line(bound: &Bound) -> Markup {
    html! {
        line.bound x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y(bound.value)) y2=(y(bound.value)) {}
        text.bound-label x=(WIDTH - RIGHT - 2.0) y=(y(bound.value) - 4.0) text-anchor="end" { (bound.label) }
    }
}

fn legend(series: &[Series], bounds: &[Bound]) -> Markup {
    html! {
        ul.legend {
            @for line in series {
                li {
                    svg.key viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" {
                        path class={ "line-" (line.number) } d="M0 4H24" {}
                    }
                    (line.name)
                }
            }
            @if !bounds.is_empty() {
                li {
                    svg.key viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" { path.bound d="M0 4H24" {} }
                    "Bounds of the rules"
                }
            }
            li { "× no usable face" }
        }
    }
}

/// The bounds of conditions that read one number of those the chart shows.
fn bounds(record: &ExaminationRecord) -> Vec<Bound> {
    let Ok(rules) = Rules::parse(&record.order.rules) else {
        return Vec::new();
    };
    let conditions = record
        .order
        .scope
        .checks()
        .iter()
        .flat_map(|check| rules.conditions(*check));
    let mut bounds = Vec::new();
    for condition in conditions {
        let (Test::Within(_, limits), [reading]) = (&condition.test, condition.readings.as_slice())
        else {
            continue;
        };
        if is_drawn(*reading) {
            bounds.push(Bound {
                label: format!("{} {}", condition.label, limits.pass),
                value: limits.pass,
            });
        }
    }
    bounds
}

fn is_drawn(reading: Reading) -> bool {
    let (Reading::Signal(signal) | Reading::Frames(signal, _)) = reading;
    matches!(
        signal.name,
        "score"
            | "min_percentage"
            | "median_percentage"
            | "max_percentage"
            | "liveness"
            | "frames.percentage"
            | "frames.liveness"
    )
}
