//! The rule files that are shipped, built in so that they can be started from anywhere.

/// A rule file that is shipped.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its file in `scoring-rules`.
    pub file: &'static str,
    pub text: &'static str,
}

/// Every shipped rule file, in the order of the documentation.
pub const TEMPLATES: [Template; 4] = [
    Template {
        file: "default.json",
        text: include_str!("../../scoring-rules/default.json"),
    },
    Template {
        file: "match-only.json",
        text: include_str!("../../scoring-rules/match-only.json"),
    },
    Template {
        file: "strict.json",
        text: include_str!("../../scoring-rules/strict.json"),
    },
    Template {
        file: "review-everything.json",
        text: include_str!("../../scoring-rules/review-everything.json"),
    },
];
