//! Which pictures are learnt from, which choose, and which are measured once at the end.

use likeness::vision::picture::Picture;
use sha2::{Digest as _, Sha256};

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Learning,
    /// Chooses the weights of the best round, and the bound.
    Choosing,
    /// Looked at once, when nothing can be chosen any more.
    HeldOut,
}

/// How many of a hundred go to learning and to choosing; the rest is held out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    pub(crate) learning: u8,
    pub(crate) choosing: u8,
}

impl Shares {
    /// The part of whatever is called so: the same name is always in the same part.
    pub(crate) fn part(self, name: &str) -> Part {
        let place = Sha256::digest(name.as_bytes())[0] as u32 * 100 / 256;
        if place < u32::from(self.learning) {
            Part::Learning
        } else if place < u32::from(self.learning + self.choosing) {
            Part::Choosing
        } else {
            Part::HeldOut
        }
    }
}

/// Bits of two prints that may differ between copies of one picture.
const COPIES: u32 = 6;

/// What a picture looks like in 64 bits: where, in 9×8 means of grey, it gets brighter to the right.
pub(crate) fn print_of(picture: &Picture) -> u64 {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = |column: usize, row: usize| {
        let (from_x, to_x) = (
            column * width / 9,
            ((column + 1) * width / 9).max(column * width / 9 + 1),
        );
        let (from_y, to_y) = (
            row * height / 8,
            ((row + 1) * height / 8).max(row * height / 8 + 1),
        );
        let mut sum = 0_u64;
        for y in from_y..to_y.min(height) {
            let line = &picture.rgb()[(y * width + from_x) * 3..(y * width + to_x.min(width)) * 3];
            sum += line.iter().map(|value| u64::from(*value)).sum::<u64>();
        }
        sum as f64 / ((to_x - from_x) * (to_y - from_y)) as f64
    };
    let mut print = 0;
    for row in 0..8 {
        for column in 0..8 {
            print = print << 1 | u64::from(grey(column, row) < grey(column + 1, row));
        }
    }
    print
}

/// For every print the first that it is a copy of, or of a copy of which it is one: copies stay together.
pub(crate) fn originals(prints: &[u64]) -> Vec<usize> {
    let mut originals: Vec<usize> = (0..prints.len()).collect();
    for later in 0..prints.len() {
        for earlier in 0..later {
            let apart = (prints[later] ^ prints[earlier]).count_ones();
            let (one, other) = (originals[later], originals[earlier]);
            if apart <= COPIES && one != other {
                let (first, second) = (one.min(other), one.max(other));
                for original in &mut originals[..=later] {
                    if *original == second {
                        *original = first;
                    }
                }
            }
        }
    }
    originals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_stay_together_over_several_steps() {
        // The last lies within reach of both, which lie apart from each other.
        let prints = [0, 0xFFFF_FFFF, 0x3FF, 0x1F];
        assert_eq!(originals(&prints), [0, 1, 0, 0]);
    }

    #[test]
    fn a_name_is_always_in_the_same_part_and_the_parts_are_as_large_as_asked() {
        let shares = Shares {
            learning: 70,
            choosing: 10,
        };
        let parts: Vec<Part> = (0..2000)
            .map(|number| shares.part(&format!("{number}.jpg")))
            .collect();
        let count = |part: Part| parts.iter().filter(|found| **found == part).count();
        assert!((1320..1480).contains(&count(Part::Learning)));
        assert!((140..270).contains(&count(Part::Choosing)));
        assert_eq!(shares.part("7.jpg"), parts[7]);
    }

    #[test]
    fn a_brighter_copy_has_the_same_print() {
        let picture = |gain: u32| {
            let rgb = (0..60 * 50 * 3).map(|at| ((at * at / 977 % 120) * gain / 2) as u8);
            Picture::from_rgb(60, 50, rgb.collect()).unwrap()
        };
        assert_eq!(print_of(&picture(2)), print_of(&picture(4)));
    }
}
