//! Bars that are stacked by verdict: told apart by how they are hatched as well as by colour.

use maud::{Markup, html};

use crate::http::console::overview::scale::{HEIGHT, Scale, WIDTH, round};

/// What a part of a bar is of: its name and the class of its hatching.
pub(super) const LAYERS: [(&str, &str); 4] = [
    ("pass", "pass"),
    ("refer", "refer"),
    ("fail", "fail"),
    ("no verdict", "none"),
];

/// One bar, with a number for each of the layers.
pub(super) struct Stack {
    pub(super) label: String,
    pub(super) counts: [u64; 4],
}

/// A chart of such bars.
pub(super) struct Stacks<'a> {
    /// Tells this chart's parts from those of others on the page.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What it shows, for who does not see it.
    pub(super) says: String,
    pub(super) bars: Vec<Stack>,
    /// How many of the layers there are.
    pub(super) layers: usize,
}

impl Stacks<'_> {
    pub(super) fn draw(&self) -> Markup {
        let highest = self
            .bars
            .iter()
            .map(|stack| stack.counts.iter().sum::<u64>());
        let scale = Scale::reaching(highest.max().unwrap_or(0) as f64, self.bars.len());
        let labels: Vec<String> = self.bars.iter().map(|stack| stack.label.clone()).collect();
        html! {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                aria-labelledby={ (self.id) "-title " (self.id) "-says" } {
                title id={ (self.id) "-title" } { (self.title) }
                desc id={ (self.id) "-says" } { (self.says) }
                (hatchings(self.id))
                (scale.axes(&labels, ""))
                @for (place, stack) in self.bars.iter().enumerate() {
                    (self.bar(&scale, place, stack))
                }
            }
            ul.legend {
                @for (name, class) in LAYERS.iter().take(self.layers) {
                    li {
                        svg.key viewBox="0 0 16 12" width="16" height="12" aria-hidden="true" {
                            rect class={ "stack-" (class) } width="16" height="12" fill=[fill(self.id, class)] {}
                        }
                        (name)
                    }
                }
            }
        }
    }

    fn bar(&self, scale: &Scale, place: usize, stack: &Stack) -> Markup {
        let gap = (scale.wide() * 0.12).min(3.0);
        let mut below = 0;
        html! {
            g {
                title { (stack.label) ": " (told(&stack.counts, self.layers)) }
                @for ((_, class), count) in LAYERS.iter().zip(stack.counts).take(self.layers) {
                    @if count > 0 {
                        @let top = scale.y((below + count) as f64);
                        @let bottom = scale.y(below as f64);
                        rect class={ "stack-" (class) } x=(round(scale.x(place) + gap)) y=(top)
                            width=(round(scale.wide() - 2.0 * gap)) height=(round((bottom - top).max(0.5)))
                            fill=[fill(self.id, class)] {}
                        @let () = below += count;
                    }
                }
            }
        }
    }

    /// The same as a table.
    pub(super) fn table(&self, first: &str) -> Markup {
        html! {
            details {
                summary { "The same as a table" }
                div.scroll tabindex="0" role="region" aria-label=(self.title) {
                    table {
                        thead {
                            tr {
                                th scope="col" { (first) }
                                @for (name, _) in LAYERS.iter().take(self.layers) { th.number scope="col" { (name) } }
                            }
                        }
                        tbody {
                            @for stack in &self.bars {
                                tr {
                                    th scope="row" { (stack.label) }
                                    @for count in stack.counts.iter().take(self.layers) { td.number { (count) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A stack in words.
pub(super) fn told(counts: &[u64; 4], layers: usize) -> String {
    let parts: Vec<String> = LAYERS
        .iter()
        .zip(counts)
        .take(layers)
        .map(|((name, _), count)| format!("{count} {name}"))
        .collect();
    parts.join(", ")
}

/// What fills a layer: passes are plain, the rest is hatched.
fn fill(id: &str, class: &str) -> Option<String> {
    (class != "pass").then(|| format!("url(#{id}-{class})"))
}

fn hatchings(id: &str) -> Markup {
    html! {
        defs {
            @for (class, line) in [("refer", "M0 6L6 0"), ("fail", "M0 0L6 6M0 6L6 0"), ("none", "M3 0V6")] {
                pattern id={ (id) "-" (class) } width="6" height="6" patternUnits="userSpaceOnUse" {
                    rect class={ "hatched-" (class) } width="6" height="6" {}
                    path class={ "hatching-" (class) } d=(line) {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_told_in_words_and_numbers_too() {
        let stacks = Stacks {
            id: "c",
            title: "Verdicts",
            says: "3 sessions".to_owned(),
            bars: vec![Stack {
                label: "a day".to_owned(),
                counts: [2, 0, 1, 0],
            }],
            layers: 4,
        };
        let svg = stacks.draw().into_string();
        assert!(
            svg.contains(r#"<desc id="c-says">3 sessions</desc>"#),
            "{svg}"
        );
        assert!(
            svg.contains("a day: 2 pass, 0 refer, 1 fail, 0 no verdict"),
            "{svg}"
        );
        assert_eq!(
            svg.matches("<rect class=\"stack-pass\"").count(),
            2,
            "the bar and its key"
        );
        assert!(
            !svg.contains("style="),
            "the policy of the pages allows none"
        );
        let table = stacks.table("Day").into_string();
        assert!(table.contains(r#"<td class="number">2</td>"#), "{table}");
    }
}
