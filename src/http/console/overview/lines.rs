//! Lines through the days, broken where a day has no value, with a dot on each that has.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::http::console::overview::scale::{HEIGHT, Scale, WIDTH};

/// A line; its number stands for its colour, its dashes and the shape of its dots.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) number: u8,
    pub(super) values: Vec<Option<f64>>,
}

/// A chart of lines over the same days.
pub(super) struct Lines<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What it shows, for who does not see it.
    pub(super) says: String,
    pub(super) labels: Vec<String>,
    pub(super) series: Vec<Line<'a>>,
    pub(super) unit: &'a str,
}

impl Lines<'_> {
    pub(super) fn draw(&self) -> Markup {
        let values = self.series.iter().flat_map(|line| &line.values);
        let highest = values.flatten().copied().fold(0.0, f64::max);
        let scale = Scale::reaching(highest, self.labels.len());
        html! {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                aria-labelledby={ (self.id) "-title " (self.id) "-says" } {
                title id={ (self.id) "-title" } { (self.title) }
                desc id={ (self.id) "-says" } { (self.says) }
                (scale.axes(&self.labels, self.unit))
                @for line in &self.series {
                    path class={ "line-" (line.number) } d=(path(&scale, &line.values)) {}
                    @for (place, value) in line.values.iter().enumerate() {
                        @if let Some(value) = value {
                            circle class={ "dot-" (line.number) } cx=(x(&scale, place)) cy=(scale.y(*value)) r="2.5" {
                                title { (self.labels.get(place).map_or("", String::as_str)) ", " (line.name) ": " (shown(*value)) (self.unit) }
                            }
                        }
                    }
                }
            }
            ul.legend {
                @for line in &self.series {
                    li {
                        svg.key viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" {
                            path class={ "line-" (line.number) } d="M0 4H24" {}
                        }
                        (line.name)
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
                                @for line in &self.series { th.number scope="col" { (line.name) } }
                            }
                        }
                        tbody {
                            @for (place, label) in self.labels.iter().enumerate() {
                                tr {
                                    th scope="row" { (label) }
                                    @for line in &self.series {
                                        td.number { (line.values.get(place).copied().flatten().map_or("–".to_owned(), |value| format!("{}{}", shown(value), self.unit))) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn x(scale: &Scale, place: usize) -> f64 {
    scale.x(place) + scale.wide() / 2.0
}

fn path(scale: &Scale, values: &[Option<f64>]) -> String {
    let mut path = String::new();
    let mut is_broken = true;
    for (place, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let command = if is_broken { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(
                path,
                "{command}{:.1} {:.1} ",
                x(scale, place),
                scale.y(*value)
            );
        }
        is_broken = value.is_none();
    }
    path
}

fn shown(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_where_a_day_has_no_value() {
        let scale = Scale::reaching(10.0, 4);
        let path = path(&scale, &[Some(1.0), Some(2.0), None, Some(3.0)]);
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches('L').count(), 1, "{path}");
    }
}
