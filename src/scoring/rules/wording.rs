//! Whether the words of a rule file read as they look, and when two names read the same.

/// What is wrong with a name.
pub(super) fn fault_of_name(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some("the name is blank".to_owned());
    }
    fault(name)
}

/// What is wrong with words that officers read: a character that hides, or that turns others around.
pub(super) fn fault(words: &str) -> Option<String> {
    let hidden = words.chars().find(|character| is_hidden(*character))?;
    Some(format!(
        "it holds the character U+{:04X}, which cannot be seen and may mislead",
        u32::from(hidden)
    ))
}

/// The name as it is told from others: without its case, and each blank alike.
pub(super) fn told_apart(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_and_what_hides_is_not() {
        for good in ["Match score", "Größe ≥ 60 px", "顔の一致", "a\u{a0}b"] {
            assert_eq!(fault_of_name(good), None, "{good}");
        }
        for hidden in [
            '\0', '\n', '\u{7f}', '\u{85}', '\u{200b}', '\u{200f}', '\u{2028}', '\u{202a}',
            '\u{202e}', '\u{2060}', '\u{2069}', '\u{feff}',
        ] {
            let fault = fault(&format!("a{hidden}b")).unwrap();
            let code = format!("U+{:04X}", u32::from(hidden));
            assert!(fault.contains(&code), "{fault}");
        }
        for blank in ["", "  ", "\u{a0}\u{3000}"] {
            assert_eq!(fault_of_name(blank).unwrap(), "the name is blank");
        }
    }

    #[test]
    fn names_are_told_apart_by_their_words() {
        assert_eq!(
            told_apart("  Match \u{a0} SCORE"),
            told_apart("match score")
        );
        assert_ne!(told_apart("Match score"), told_apart("Matchscore"));
    }
}
