//! The known name that a mistyped one was probably meant for.

/// How alike two names must be to be taken for one (Jaro–Winkler, 1 is the same).
const ALIKE: f64 = 0.8;

/// The nearest of the names, when one is near.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(text, name), name))
        .filter(|(closeness, _)| *closeness > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The question that a refusal ends with, or nothing.
pub fn did_you_mean<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, names)
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let names = ["score", "min_percentage", "liveness"];
        assert_eq!(nearest("scroe", names), Some("score"));
        assert_eq!(
            did_you_mean("min_percent", names),
            "; did you mean `min_percentage`?"
        );
        assert_eq!(did_you_mean("passport", names), "");
    }
}
