//! The list by which an officer compares two faces, feature by feature, after the features that FISWG names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A part of a face that is compared on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Hairline and forehead.
    Forehead,
    Eyes,
    Nose,
    Mouth,
    Ears,
    /// Chin and line of the jaw.
    Jaw,
    FaceShape,
    /// Scars, moles, lines and other marks.
    Marks,
}

impl Feature {
    /// Every feature, from the top of the face to what lies anywhere on it.
    pub const ALL: [Self; 8] = [
        Self::Forehead,
        Self::Eyes,
        Self::Nose,
        Self::Mouth,
        Self::Ears,
        Self::Jaw,
        Self::FaceShape,
        Self::Marks,
    ];

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forehead => "forehead",
            Self::Eyes => "eyes",
            Self::Nose => "nose",
            Self::Mouth => "mouth",
            Self::Ears => "ears",
            Self::Jaw => "jaw",
            Self::FaceShape => "face_shape",
            Self::Marks => "marks",
        }
    }

    /// The feature of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }

    /// What an officer is asked to look at.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Forehead => "Hairline and forehead: where the hair begins, how high and how wide",
            Self::Eyes => "Eyes and brows: their distance, lids, corners and arches",
            Self::Nose => "Nose: bridge, tip, nostrils and how long it is",
            Self::Mouth => "Mouth: lips, corners and the groove above",
            Self::Ears => "Ears: outline, lobe and how far they stand off",
            Self::Jaw => "Chin and jaw: width, angle and dimples",
            Self::FaceShape => "Shape of the face: proportions of its height and width",
            Self::Marks => "Marks: scars, moles, lines and anything else that stays",
        }
    }
}

/// How a feature looks in the two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Similar,
    Different,
    /// One of the pictures does not show it.
    NotVisible,
}

impl Finding {
    pub const ALL: [Self; 3] = [Self::Similar, Self::Different, Self::NotVisible];

    /// The name it is stored and answered under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Similar => "similar",
            Self::Different => "different",
            Self::NotVisible => "not_visible",
        }
    }

    /// The finding of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.name() == name)
    }
}

/// What was found, feature by feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checklist(pub BTreeMap<Feature, Finding>);

impl Checklist {
    /// Whether every feature is answered.
    pub fn is_complete(&self) -> bool {
        Feature::ALL
            .iter()
            .all(|feature| self.0.contains_key(feature))
    }

    /// Whether any feature looks alike.
    pub fn has_likeness(&self) -> bool {
        self.0.values().any(|finding| *finding == Finding::Similar)
    }

    /// Whether any feature looks different.
    pub fn has_difference(&self) -> bool {
        self.0
            .values()
            .any(|finding| *finding == Finding::Different)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_complete_once_every_feature_is_answered() {
        let mut list = Checklist::default();
        for feature in Feature::ALL {
            assert!(!list.is_complete());
            list.0.insert(feature, Finding::Similar);
            assert_eq!(Feature::from_name(feature.name()), Some(feature));
        }
        assert!(list.is_complete() && !list.has_difference());
        list.0.insert(Feature::Ears, Finding::Different);
        assert!(list.has_difference());
    }

    #[test]
    fn names_are_those_that_are_stored() {
        let list = Checklist(BTreeMap::from([(Feature::FaceShape, Finding::NotVisible)]));
        let stored = serde_json::to_string(&list).unwrap();
        assert_eq!(stored, r#"{"face_shape":"not_visible"}"#);
        assert_eq!(serde_json::from_str::<Checklist>(&stored).unwrap(), list);
        assert!(serde_json::from_str::<Checklist>(r#"{"hands":"similar"}"#).is_err());
        for finding in Finding::ALL {
            assert_eq!(Finding::from_name(finding.name()), Some(finding));
        }
    }
}
