//! A face as a vector, with the pack that made it: vectors of different packs have nothing in common.

use std::fmt;

/// A unit vector and the pack that speaks through it. Its `Debug` shows no number.
#[derive(Clone, PartialEq)]
pub struct Template {
    pack: String,
    vector: Vec<f32>,
}

/// Two templates that no comparison could make sense of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct OtherPack {
    pub one: String,
    pub other: String,
}

impl fmt::Display for OtherPack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { one, other } = self;
        if one == other {
            return write!(f, "a vector of another length is none of the pack {one}");
        }
        write!(
            f,
            "a template of the pack {one} cannot be compared with one of the pack {other}: \
             `likeness galleries re-embed` brings a gallery to the pack that decides"
        )
    }
}

impl Template {
    /// The direction of `vector`; None when it has none.
    pub fn new(pack: impl Into<String>, mut vector: Vec<f32>) -> Option<Self> {
        let length = vector
            .iter()
            .map(|value| f64::from(*value).powi(2))
            .sum::<f64>()
            .sqrt();
        if !(length.is_finite() && length > 0.0) {
            return None;
        }
        // A vector that has its length already is left alone, so that what is stored reads back as it was.
        if (length - 1.0).abs() > 1e-6 {
            for value in &mut vector {
                *value = (f64::from(*value) / length) as f32;
            }
        }
        Some(Self {
            pack: pack.into(),
            vector,
        })
    }

    pub fn pack(&self) -> &str {
        &self.pack
    }

    pub fn vector(&self) -> &[f32] {
        &self.vector
    }

    /// The cosine of the angle between the two, −1 to 1.
    pub fn similarity(&self, other: &Self) -> Result<f32, OtherPack> {
        if self.pack != other.pack || self.vector.len() != other.vector.len() {
            return Err(OtherPack {
                one: self.pack.clone(),
                other: other.pack.clone(),
            });
        }
        Ok(cosine(&self.vector, &other.vector))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({}, …)", self.pack)
    }
}

/// The cosine of two unit vectors. Every similarity that leaves the service comes from here, so
/// that a search and a comparison of the same two faces say the same number.
pub fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let sum: f64 = one
        .iter()
        .zip(other)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum();
    sum.clamp(-1.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_the_length_one_and_keeps_it() {
        let template = Template::new("p", vec![3.0, 4.0]).unwrap();
        assert_eq!(template.vector(), [0.6, 0.8]);
        let again = Template::new("p", template.vector().to_vec()).unwrap();
        assert_eq!(again, template);
        assert_eq!(Template::new("p", vec![0.0, 0.0]), None);
        assert_eq!(Template::new("p", vec![f32::NAN]), None);
    }

    #[test]
    fn packs_are_never_compared_with_each_other() {
        let of = |pack: &str, vector: &[f32]| Template::new(pack, vector.to_vec()).unwrap();
        let (here, there) = (of("a", &[1.0, 0.0]), of("b", &[1.0, 0.0]));
        assert_eq!(here.similarity(&here), Ok(1.0));
        assert!(here.similarity(&there).is_err());
        assert!(here.similarity(&of("a", &[1.0])).is_err(), "another length");
    }

    #[test]
    fn its_debug_shows_no_number() {
        let template = Template::new("p", vec![1.0, 0.0]).unwrap();
        assert_eq!(format!("{template:?}"), "Template(p, …)");
    }
}
