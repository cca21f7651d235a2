//! `docs/rules.md`: the words of `handbook.md` with the vocabulary's tables in their places.

use std::fmt::Write as _;

use crate::scoring::functions::FUNCTIONS;
use crate::scoring::reasons::ReasonCode;
use crate::scoring::rules::Rules;
use crate::scoring::templates::TEMPLATES;
use crate::scoring::vocabulary::VOCABULARY;

const WORDS: &str = include_str!("handbook.md");

/// The page as it stands in the documentation.
pub fn page() -> String {
    WORDS
        .replace("{{templates}}", &templates())
        .replace("{{signals}}", &signals(false))
        .replace("{{frame signals}}", &signals(true))
        .replace("{{functions}}", &functions())
        .replace("{{reasons}}", &reasons())
}

fn templates() -> String {
    let rows = TEMPLATES.iter().filter_map(|template| {
        let rules = Rules::parse(template.text).ok()?;
        Some([
            format!("`scoring-rules/{}`", template.file),
            rules.description,
        ])
    });
    table(["file", "what it asks for"], rows)
}

fn signals(of_frames: bool) -> String {
    let rows = VOCABULARY
        .iter()
        .filter(|signal| signal.is_of_frames() == of_frames)
        .map(|signal| {
            [
                format!("`{}`", signal.name),
                signal.unit.to_owned(),
                signal.range.written(),
                signal.meaning.to_owned(),
                format!("`{}`", signal.too_low.name()),
                format!("`{}`", signal.too_high.name()),
            ]
        });
    table(
        ["signal", "unit", "range", "meaning", "too low", "too high"],
        rows,
    )
}

fn functions() -> String {
    let rows = FUNCTIONS.iter().map(|function| {
        [
            format!("`{}`", function.call()),
            function.argument.in_words().unwrap_or("nothing").to_owned(),
            function.meaning.to_owned(),
        ]
    });
    table(["function", "takes", "meaning"], rows)
}

fn reasons() -> String {
    let rows = ReasonCode::ALL.into_iter().map(|code| {
        [
            format!("`{}`", code.name()),
            code.source().name().to_owned(),
            code.officer_text().to_owned(),
            code.applicant_text().to_owned(),
        ]
    });
    table(
        ["code", "given by", "to officers", "to the applicant"],
        rows,
    )
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}", head.join(" | "), "---|".repeat(N));
    for row in rows {
        // A string takes what is written to it, always.
        let _ = write!(text, "\n| {} |", row.join(" | "));
    }
    text
}
