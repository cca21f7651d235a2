//! The settings as fields of a form: one line a setting, read from what is set and written to it.

use maud::{Markup, html};

use crate::session::project::{ConsentPolicy, Dialect, MaskPolicy, ProjectSettings};

/// What was typed, as browsers send it: a field may come more than once.
pub(super) type Typed = Vec<(String, String)>;

type Settings = ProjectSettings;

/// One setting.
pub(super) struct Field {
    pub(super) name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: Kind,
}

/// What a setting can be.
enum Kind {
    Percent(fn(&mut Settings) -> &mut f64),
    /// A whole number: how it is read, and how it is set where it is not too large.
    Whole(fn(&Settings) -> u64, fn(&mut Settings, u64) -> bool),
    /// Empty for no limit.
    Limit(fn(&mut Settings) -> &mut Option<u32>),
    Quota(fn(&mut Settings) -> &mut Option<u64>),
    Switch(fn(&mut Settings) -> &mut bool),
    Consent,
    Masks,
    /// APIs that are closed.
    Closed,
    Text(fn(&mut Settings) -> &mut String),
}

/// A heading and what stands below it.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) fields: &'static [Field],
}

const fn field(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Field {
    Field {
        name,
        label,
        hint,
        kind,
    }
}

/// Every setting, in the order of the page.
#[rustfmt::skip]
pub(super) const GROUPS: [Group; 5] = [
    Group { title: "Examination", fields: &[
        field("frames", "Frames", "Looked at in a video: 1 to 64.", Kind::Whole(|s| s.frames.into(), |s, n| n.try_into().map(|n| s.frames = n).is_ok())),
        field("max_examinations", "Examinations at most", "Of one session; empty for no limit.", Kind::Limit(|s| &mut s.max_examinations)),
        field("masks", "Masks", "What calls do whose answers tell of a mask.", Kind::Masks),
    ] },
    Group { title: "Review and rules", fields: &[
        field("review_within_minutes", "Minutes until a case is late", "From when it needs a person.", Kind::Whole(|s| s.review_within_minutes.into(), |s, n| n.try_into().map(|n| s.review_within_minutes = n).is_ok())),
        field("review_fails", "Fails are reviewed too", "People look at what the rules failed as well as at what they referred.", Kind::Switch(|s| &mut s.review_fails)),
        field("decisions_by_two", "Four eyes over decisions", "An approval or a rejection takes two officers who say the same.", Kind::Switch(|s| &mut s.decisions_by_two)),
        field("checklist", "Facial comparison checklist", "Who approves or rejects compares the faces feature by feature.", Kind::Switch(|s| &mut s.checklist)),
        field("undo_seconds", "Seconds to undo a decision", "0 to 60; 0: it stands at once.", Kind::Whole(|s| s.undo_seconds.into(), |s, n| n.try_into().map(|n| s.undo_seconds = n).is_ok())),
        field("seed_percent", "Known answers mixed in", "Cases in a hundred, 0 to 50, whose right answer is known.", Kind::Whole(|s| s.seed_percent.into(), |s, n| n.try_into().map(|n| s.seed_percent = n).is_ok())),
        field("four_eyes", "Four eyes over rules", "Who saved a version may not be who activates it.", Kind::Switch(|s| &mut s.four_eyes)),
    ] },
    Group { title: "Thresholds of the APIs", fields: &[
        field("match_threshold", "Biometry", "The result of match-faces is true from this score on: 0 to 100.", Kind::Percent(|s| &mut s.match_threshold)),
        field("fremis_threshold", "FREMIS", "A match from this percentage on.", Kind::Percent(|s| &mut s.thresholds.fremis)),
        field("risetai_threshold", "RisetAI", "Verified from this percentage on.", Kind::Percent(|s| &mut s.thresholds.risetai)),
        field("opencv_fr_threshold", "OpenCV FR", "A match from this percentage on; a call may ask for more.", Kind::Percent(|s| &mut s.thresholds.opencv_fr)),
        field("numeric_result", "Biometry answers numbers", "1 and 0 in the place of true and false.", Kind::Switch(|s| &mut s.numeric_result)),
        field("argos_asynchronous", "ARGOS answers to an address", "Calls must name a callbackUrl.", Kind::Switch(|s| &mut s.argos_asynchronous)),
        field("disabled", "Closed APIs", "The project's tokens do not open them.", Kind::Closed),
    ] },
    Group { title: "Quotas", fields: &[
        field("max_calls", "Calls", "In all; empty for no limit.", Kind::Quota(|s| &mut s.quotas.calls)),
        field("max_faces", "Faces", "Enrolled; empty for no limit.", Kind::Quota(|s| &mut s.quotas.faces)),
        field("max_galleries", "Galleries", "Empty for no limit.", Kind::Quota(|s| &mut s.quotas.galleries)),
    ] },
    Group { title: "Privacy", fields: &[
        field("retention_days", "Days data are kept", "After the last thing that happened to a session; empty to keep them.", Kind::Limit(|s| &mut s.retention_days)),
        field("keep_documents_days", "Days documents are kept", "After they came in; empty: as long as their session.", Kind::Limit(|s| &mut s.keep_documents_days)),
        field("keep_videos_days", "Days videos are kept", "After they came in; empty: as long as their session.", Kind::Limit(|s| &mut s.keep_videos_days)),
        field("keep_pictures_days", "Days pictures are kept", "After their examination ended; empty: as long as their session.", Kind::Limit(|s| &mut s.keep_pictures_days)),
        field("keep_people_days", "Days enrolled people are kept", "After the last thing that happened to them; empty to keep them.", Kind::Limit(|s| &mut s.keep_people_days)),
        field("consent", "Consent", "Who holds it.", Kind::Consent),
        field("consent_text", "Text of the consent", "What applicants are asked to agree to. A change makes a new version.", Kind::Text(|s| &mut s.consent_text)),
    ] },
];

const CONSENTS: [(&str, &str, ConsentPolicy); 2] = [
    (
        "by_contract",
        "You hold it elsewhere, by contract",
        ConsentPolicy::ByContract,
    ),
    (
        "required",
        "It must have been given to this service",
        ConsentPolicy::Required,
    ),
];

const MASKS: [(&str, &str, MaskPolicy); 2] = [
    ("required", "The classifier is asked", MaskPolicy::Required),
    (
        "not_examined",
        "Nobody asks, and the answer says so",
        MaskPolicy::NotExamined,
    ),
];

impl Field {
    /// What is set, as it would be typed.
    pub(super) fn typed(&self, settings: &ProjectSettings) -> Vec<String> {
        let mut settings = settings.clone();
        let s = &mut settings;
        let limit = |limit: Option<u64>| vec![limit.map_or_else(String::new, |it| it.to_string())];
        match self.kind {
            Kind::Percent(of) => vec![of(s).to_string()],
            Kind::Whole(of, _) => vec![of(s).to_string()],
            Kind::Limit(of) => limit(of(s).map(u64::from)),
            Kind::Quota(of) => limit(*of(s)),
            Kind::Switch(of) => of(s).then(|| "true".to_owned()).into_iter().collect(),
            Kind::Consent => of_list(&CONSENTS, s.consent),
            Kind::Masks => of_list(&MASKS, s.masks),
            Kind::Closed => s.disabled.iter().map(|it| it.name().to_owned()).collect(),
            Kind::Text(of) => vec![of(s).clone()],
        }
    }

    /// Sets what was typed, or says what it should have been.
    pub(super) fn set(&self, settings: &mut ProjectSettings, typed: &[&str]) -> Result<(), String> {
        let one = typed.first().copied().unwrap_or_default();
        match self.kind {
            Kind::Percent(of) => *of(settings) = read(one, "is a number")?,
            Kind::Whole(_, set) => {
                if !set(settings, read(one, "is a whole number")?) {
                    return Err("is a smaller whole number".to_owned());
                }
            }
            Kind::Limit(of) => *of(settings) = read_limit(one)?,
            Kind::Quota(of) => *of(settings) = read_limit(one)?,
            Kind::Switch(of) => *of(settings) = one == "true",
            Kind::Consent => settings.consent = from_list(&CONSENTS, one)?,
            Kind::Masks => settings.masks = from_list(&MASKS, one)?,
            Kind::Closed => settings.disabled = closed(typed)?,
            Kind::Text(of) => *of(settings) = one.replace("\r\n", "\n"),
        }
        Ok(())
    }

    /// The field with what was typed, and what is wrong with it.
    pub(super) fn show(&self, typed: &[&str], fault: Option<&str>) -> Markup {
        let hint = format!("{}-hint", self.name);
        html! {
            @if let Kind::Closed = self.kind { span.label #{(self.name) "-label"} { (self.label) } }
            @else { label for=(self.name) { (self.label) } }
            div {
                (self.input(typed, &hint, fault.is_some()))
                span.hint id=(hint) {
                    " " (self.hint)
                    @if let Some(fault) = fault { " " strong.fault { "This " (fault) "." } }
                }
            }
        }
    }

    fn input(&self, typed: &[&str], hint: &str, is_wrong: bool) -> Markup {
        let (name, one) = (self.name, typed.first().copied().unwrap_or_default());
        let wrong = is_wrong.then_some("true");
        html! {
            @match self.kind {
                Kind::Percent(_) | Kind::Whole(..) | Kind::Limit(_) | Kind::Quota(_) => {
                    input.figure id=(name) name=(name) inputmode="decimal" maxlength="20" autocomplete="off" value=(one)
                        aria-describedby=(hint) aria-invalid=[wrong];
                }
                Kind::Switch(_) => {
                    input id=(name) name=(name) type="checkbox" value="true" checked[one == "true"] aria-describedby=(hint);
                }
                Kind::Consent => (select(name, hint, CONSENTS.map(|(value, label, _)| (value, label)), one)),
                Kind::Masks => (select(name, hint, MASKS.map(|(value, label, _)| (value, label)), one)),
                Kind::Closed => (checks(name, typed)),
                Kind::Text(_) => {
                    textarea id=(name) name=(name) rows="6" aria-describedby=(hint) aria-invalid=[wrong] { "\n" (one) }
                }
            }
        }
    }
}

fn select<const N: usize>(
    name: &str,
    hint: &str,
    choices: [(&str, &str); N],
    chosen: &str,
) -> Markup {
    html! {
        select id=(name) name=(name) aria-describedby=(hint) {
            @for (value, label) in choices { option value=(value) selected[value == chosen] { (label) } }
        }
    }
}

fn checks(name: &str, typed: &[&str]) -> Markup {
    html! {
        div.checks role="group" aria-labelledby={(name) "-label"} {
            @for dialect in Dialect::ALL {
                label.plain {
                    input type="checkbox" name=(name) value=(dialect.name()) checked[typed.contains(&dialect.name())];
                    " " (dialect.name())
                }
            }
        }
    }
}

fn read<T: std::str::FromStr>(typed: &str, what: &str) -> Result<T, String> {
    typed.trim().parse().map_err(|_| what.to_owned())
}

fn read_limit<T: std::str::FromStr>(typed: &str) -> Result<Option<T>, String> {
    match typed.trim() {
        "" => Ok(None),
        limit => read(limit, "is a whole number, or empty").map(Some),
    }
}

fn of_list<T: Copy + PartialEq>(list: &[(&str, &str, T)], set: T) -> Vec<String> {
    let known = list.iter().find(|(_, _, value)| *value == set);
    known
        .map(|(name, ..)| (*name).to_owned())
        .into_iter()
        .collect()
}

fn from_list<T: Copy>(list: &[(&str, &str, T)], typed: &str) -> Result<T, String> {
    let known = list.iter().find(|(name, ..)| *name == typed);
    known
        .map(|(_, _, value)| *value)
        .ok_or_else(|| "is none of the list".to_owned())
}

fn closed(typed: &[&str]) -> Result<Vec<Dialect>, String> {
    let read =
        |name: &&str| Dialect::from_name(name).ok_or_else(|| "is none of the list".to_owned());
    let mut closed: Vec<Dialect> = typed.iter().map(read).collect::<Result<_, _>>()?;
    closed.dedup();
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_back_from_what_is_shown() {
        let mut set = ProjectSettings {
            frames: 12,
            match_threshold: 81.25,
            max_examinations: Some(3),
            four_eyes: true,
            consent: ConsentPolicy::Required,
            masks: MaskPolicy::NotExamined,
            disabled: vec![Dialect::Fremis, Dialect::Argos],
            consent_text: "One\nTwo".to_owned(),
            ..ProjectSettings::default()
        };
        set.quotas.faces = Some(u64::MAX);
        let mut read = ProjectSettings::default();
        for field in GROUPS.iter().flat_map(|group| group.fields) {
            let typed = field.typed(&set);
            let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
            field.set(&mut read, &typed).unwrap();
        }
        assert_eq!(read, set);
    }

    #[test]
    fn every_setting_but_the_operators_has_a_field() {
        let settings = serde_json::to_value(ProjectSettings::default()).unwrap();
        let names: Vec<&str> = GROUPS
            .iter()
            .flat_map(|group| group.fields)
            .map(|field| field.name)
            .collect();
        // Those of one object have a field each, and the rest is not for admins to set.
        let elsewhere = ["thresholds", "quotas", "suspended", "consent_version"];
        for setting in settings.as_object().unwrap().keys() {
            let known = names.contains(&setting.as_str()) || elsewhere.contains(&setting.as_str());
            assert!(known, "{setting} has no field");
        }
    }

    #[test]
    fn nonsense_is_told_at_its_field() {
        let mut settings = ProjectSettings::default();
        for (name, typed) in [
            ("frames", "many"),
            ("frames", "-1"),
            ("frames", "256"),
            ("match_threshold", ""),
            ("max_calls", "1.5"),
            ("consent", "never"),
            ("disabled", "telepathy"),
        ] {
            let mut fields = GROUPS.iter().flat_map(|group| group.fields);
            let field = fields.find(|field| field.name == name).unwrap();
            let fault = field.set(&mut settings, &[typed]).unwrap_err();
            let shown = field.show(&[typed], Some(&fault)).into_string();
            assert!(shown.contains(&format!("This {fault}.")), "{shown}");
        }
        assert_eq!(settings, ProjectSettings::default());
    }
}
