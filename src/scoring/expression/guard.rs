//! What is looked at before an expression is parsed, so that the parser is never driven deep.

use cel::ParseErrors;

use crate::scoring::expression::{Expression, Refusal};

/// Most brackets within each other.
const MOST_BRACKETS: usize = 16;

/// Most choices (`? :`) in one expression.
const MOST_CHOICES: usize = 16;

/// What the language is written with beside letters and digits.
const OURS: &str = "_.,()+-*/<>=!&|?: \t\n\r";

/// Refuses what is too long, too deep, or written in characters that the language has no use for.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    if text.chars().count() > Expression::MOST_CHARACTERS {
        return Err(Refusal::new(format!(
            "an expression has at most {} characters",
            Expression::MOST_CHARACTERS
        )));
    }
    if text.trim().is_empty() {
        return Err(Refusal::new("the expression is empty"));
    }
    if let Some(reason) = text.chars().find_map(foreign) {
        return Err(Refusal::new(reason));
    }
    if text.contains("//") {
        return Err(Refusal::new(
            "comments are not part of the language; `message` takes words",
        ));
    }
    let mut open = 0_usize;
    for character in text.chars() {
        match character {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MOST_BRACKETS {
            return Err(Refusal::new(format!(
                "brackets go at most {MOST_BRACKETS} deep"
            )));
        }
    }
    if text.matches('?').count() > MOST_CHOICES {
        return Err(Refusal::new(format!(
            "an expression chooses with `? :` at most {MOST_CHOICES} times"
        )));
    }
    Ok(())
}

/// What the parser first stumbled over, without the text that it prints below.
pub(super) fn refusal(errors: &ParseErrors) -> Refusal {
    let Some(error) = errors.errors.first() else {
        return Refusal::new("the expression cannot be read");
    };
    let words = error.msg.trim_start_matches("Syntax error: ");
    let place = match error.pos {
        (0, _) | (_, 0) => String::new(),
        (1, column) => format!(" at character {column}"),
        (line, column) => format!(" at line {line}, character {column}"),
    };
    Refusal::new(format!("the expression cannot be read{place}: {words}"))
}

/// Why a character cannot stand in an expression.
fn foreign(character: char) -> Option<String> {
    let not_part = |what: &str| Some(format!("{what} are not part of the language"));
    match character {
        '[' | ']' => not_part("lists"),
        '{' | '}' => not_part("maps"),
        '"' | '\'' | '`' => not_part("texts"),
        '%' => not_part("remainders (`%`)"),
        other if other.is_ascii_alphanumeric() || OURS.contains(other) => None,
        other => Some(format!(
            "the character {other:?} is not part of the language"
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::scoring::expression::Expression;

    fn refusal(text: &str) -> String {
        Expression::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_the_language_has_not_is_said_plainly() {
        for (text, reason) in [
            ("", "the expression is empty"),
            ("score in [80]", "lists are not part of the language"),
            ("{1: 2}", "maps are not part of the language"),
            ("score > \"80\"", "texts are not part of the language"),
            ("score % 2", "remainders (`%`) are not part of the language"),
            (
                "score ≥ 80",
                "the character '≥' is not part of the language",
            ),
            (
                "score > 80 // enough",
                "comments are not part of the language; `message` takes words",
            ),
            (
                "score >=",
                "the expression cannot be read at character 9: mismatched input '<EOF>' expecting expression",
            ),
        ] {
            assert_eq!(refusal(text), reason, "{text}");
        }
    }

    /// The stack of a thread is 2 MiB by default; half of it has to do, in a debug build too.
    #[test]
    fn the_worst_that_passes_the_guard_fits_a_small_stack() {
        let worst = [
            format!("{}score{} > 1", "(".repeat(16), ")".repeat(16)),
            "(".repeat(500),
            ")".repeat(500),
            "-".repeat(495) + "score",
            "!".repeat(495) + "score",
            "-!".repeat(247) + "score",
            "- ".repeat(247) + "score",
            "1+".repeat(247) + "score",
            "1<".repeat(247) + "score",
            "score.".repeat(83),
            "1?".repeat(250),
            "true?1:".repeat(71) + "1",
            "true?1:".repeat(16) + "score",
            "a&&".repeat(166) + "a",
            "a||b&&".repeat(80) + "a",
            (0..16).fold("1".to_owned(), |inner, _| format!("f(1+2*3<4&&5||{inner})")),
            (0..16).fold("score".to_owned(), |inner, _| format!("(-!-{inner}?1:2)")),
            (0..16).fold("score".to_owned(), |inner, _| format!("a.b({inner})")),
            ".".repeat(500),
            "?:".repeat(250),
            "e".repeat(500),
            "9".repeat(500),
        ];
        let parsed = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || {
                worst
                    .iter()
                    .filter(|text| Expression::parse(text).is_ok())
                    .count()
            })
            .unwrap()
            .join();
        assert!(matches!(parsed, Ok(1..)), "{parsed:?}");
    }
}
