//! A rule file in lines, and what differs between two of them.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stayed,
    Removed,
    Added,
}

/// A line of either file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) fate: Fate,
    /// Its number in the first file, and in the second.
    pub(super) numbers: [Option<usize>; 2],
    pub(super) text: String,
}

/// The file as it is shown: indented in one way, however it was written.
pub(super) fn pretty(text: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(text);
    value.map_or_else(|_| text.to_owned(), |value| format!("{value:#}"))
}

/// What differs between two files, line by line.
pub(super) fn compared(from: &str, to: &str) -> Vec<Line> {
    let (from, to) = (pretty(from), pretty(to));
    let diff = TextDiff::from_lines(&from, &to);
    let line = |change: similar::Change<&str>| Line {
        fate: match change.tag() {
            ChangeTag::Equal => Fate::Stayed,
            ChangeTag::Delete => Fate::Removed,
            ChangeTag::Insert => Fate::Added,
        },
        numbers: [change.old_index(), change.new_index()].map(|index| index.map(|index| index + 1)),
        text: change.value().trim_end_matches('\n').to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_a_file_is_written_is_no_difference() {
        let stayed = compared(r#"{"a": 1, "b": [2]}"#, "{\"a\":1,\n\"b\":[2]}");
        assert!(stayed.iter().all(|line| line.fate == Fate::Stayed));
        assert_eq!(stayed.len(), 6);
    }

    #[test]
    fn a_changed_line_is_removed_and_added() {
        let lines = compared(r#"{"a": 1, "b": 2}"#, r#"{"a": 1, "b": 3}"#);
        let changed: Vec<_> = lines
            .iter()
            .filter(|line| line.fate != Fate::Stayed)
            .map(|line| (line.fate, line.numbers, line.text.as_str()))
            .collect();
        assert_eq!(
            changed,
            [
                (Fate::Removed, [Some(3), None], "  \"b\": 2"),
                (Fate::Added, [None, Some(3)], "  \"b\": 3"),
            ]
        );
    }
}
