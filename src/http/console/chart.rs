//! Charts as drawings inside a page: what they show is told in words too, and stands in a table beside them.

use maud::{Markup, html};

const WIDTH: u64 = 720;
const HEIGHT: u64 = 180;

/// Room for the numbers at the side and the words below.
const LEFT: u64 = 48;
const BELOW: u64 = 24;
const ABOVE: u64 = 8;

/// One bar.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: u64,
}

/// A chart of bars.
pub(super) struct Bars<'a> {
    /// Tells this chart's parts from those of others on the page.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What it shows, for who does not see it.
    pub(super) says: &'a str,
    pub(super) of: &'a [Bar],
}

impl Bars<'_> {
    pub(super) fn draw(&self) -> Markup {
        let Self {
            id,
            title,
            says,
            of: bars,
        } = self;
        let most = top(bars.iter().map(|bar| bar.value).max().unwrap_or(0));
        let (floor, tall) = (HEIGHT - BELOW, HEIGHT - BELOW - ABOVE);
        let step = (WIDTH - LEFT) / (bars.len() as u64).max(1);
        let every = (bars.len() / 6).max(1);
        html! {
            svg.chart.wide viewBox={"0 0 " (WIDTH) " " (HEIGHT)} role="img"
                aria-labelledby={(id) "-title " (id) "-says"} {
                title id={(id) "-title"} { (title) }
                desc id={(id) "-says"} { (says) }
                @for part in [0, 1, 2] {
                    @let y = floor - tall * part / 2;
                    path.axis d={"M" (LEFT) " " (y) "H" (WIDTH)} {}
                    text x=(LEFT - 6) y=(y + 4) text-anchor="end" { (most * part / 2) }
                }
                @for (index, bar) in bars.iter().enumerate() {
                    @let x = LEFT + step * index as u64;
                    @let high = height(bar.value, most, tall);
                    rect.bar-1 x=(x + 1) y=(floor - high) width=(step.saturating_sub(2).max(1)) height=(high) {
                        title { (bar.label) ": " (bar.value) }
                    }
                    @if index % every == 0 {
                        text x=(x) y=(HEIGHT - 6) { (bar.label) }
                    }
                }
            }
        }
    }
}

/// How tall a bar is; one that is not nothing can be seen.
fn height(value: u64, most: u64, tall: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(tall) / u128::from(most.max(1));
    let high = u64::try_from(scaled).unwrap_or(tall);
    if value > 0 { high.max(1) } else { 0 }
}

/// The next even number of one digit and zeros: where the axis ends.
fn top(most: u64) -> u64 {
    let mut unit = 1_u64;
    while most > unit.saturating_mul(10) {
        unit = unit.saturating_mul(10);
    }
    let units = most.div_ceil(unit).max(1);
    (units + units % 2).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_number_whose_half_is_whole() {
        for (most, end) in [
            (0, 2),
            (1, 2),
            (7, 8),
            (10, 10),
            (11, 20),
            (250, 400),
            (999, 1000),
        ] {
            assert_eq!(top(most), end, "{most}");
        }
        assert!(top(u64::MAX) >= u64::MAX / 10);
    }

    #[test]
    fn the_chart_is_told_in_words() {
        let bars = [3, 0].map(|value| Bar {
            label: format!("day {value}"),
            value,
        });
        let chart = Bars {
            id: "c",
            title: "Calls",
            says: "3 calls",
            of: &bars,
        };
        let svg = chart.draw().into_string();
        assert!(svg.contains(r#"<desc id="c-says">3 calls</desc>"#), "{svg}");
        assert!(svg.contains("<title>day 3: 3</title>"), "{svg}");
        assert_eq!((height(0, 4, 100), height(1, 1_000_000, 100)), (0, 1));
        assert_eq!(height(4, 4, 100), 100);
    }
}
