//! What the network is shown of a face while it learns: moved, turned, mirrored, drawn over, spoilt.

use likeness::vision::error::VisionError;
use likeness::vision::geometry::Point;
use likeness::vision::nets::mask_net::SIDE;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::canvas::Canvas;
use crate::mask::data::{Found, Labelled, ROOM, WIDE};
use crate::mask::drawn::Drawn;
use crate::mask::frame::Frame;
use crate::mask::light;

/// A chip, and whether a mask is worn on it.
pub(crate) struct Sample {
    pub(crate) chip: Canvas,
    pub(crate) masked: bool,
}

/// Where the network's square lies within the wider one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// By shares of the network's square.
    pub(crate) shift: (f32, f32),
    pub(crate) growth: f32,
    /// Radians.
    pub(crate) lean: f32,
    pub(crate) mirrored: bool,
}

impl View {
    /// What the service would cut out.
    pub(crate) const AS_IT_IS: Self = Self {
        shift: (0.0, 0.0),
        growth: 1.0,
        lean: 0.0,
        mirrored: false,
    };

    fn any(random: &mut StdRng) -> Self {
        Self {
            shift: (
                random.random_range(-0.09..0.09),
                random.random_range(-0.11..0.11),
            ),
            growth: random.random_range(0.82..1.22),
            lean: random.random_range(-0.22..0.22),
            mirrored: random.random_bool(0.5),
        }
    }

    /// The network's chip out of a wide one; each of its pixels is the mean of four places.
    pub(crate) fn cut(&self, wide: &Canvas) -> Canvas {
        let (sin, cos) = self.lean.sin_cos();
        let step = WIDE as f32 / ROOM / SIDE as f32 * self.growth;
        let middle = WIDE as f32 / 2.0;
        let square = WIDE as f32 / ROOM;
        let centre = Point {
            x: middle + self.shift.0 * square,
            y: middle + self.shift.1 * square,
        };
        let colour = |index: usize| {
            let column = index % SIDE;
            let column = if self.mirrored {
                SIDE - 1 - column
            } else {
                column
            };
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let x = (column as f32 + dx - SIDE as f32 / 2.0) * step;
                let y = ((index / SIDE) as f32 + dy - SIDE as f32 / 2.0) * step;
                let place = Point {
                    x: centre.x + x * cos - y * sin,
                    y: centre.y + x * sin + y * cos,
                };
                for (sum, value) in sum.iter_mut().zip(wide.at(place)) {
                    *sum += value / 4.0;
                }
            }
            sum
        };
        Canvas {
            side: SIDE,
            pixels: (0..SIDE * SIDE).map(colour).collect(),
        }
    }
}

/// The faces to learn from, by what they show.
pub(crate) struct Lesson<'a> {
    masked: Vec<&'a Labelled>,
    /// Labelled as bare.
    bare: Vec<&'a Labelled>,
    /// From the folder of bare faces.
    unlabelled: Vec<&'a Labelled>,
}

impl<'a> Lesson<'a> {
    pub(crate) fn of(faces: impl Iterator<Item = &'a Labelled>) -> Self {
        let mut lesson = Self {
            masked: Vec::new(),
            bare: Vec::new(),
            unlabelled: Vec::new(),
        };
        for face in faces {
            if face.masked {
                lesson.masked.push(face);
            } else if face.bare_folder {
                lesson.unlabelled.push(face);
            } else {
                lesson.bare.push(face);
            }
        }
        lesson
    }

    /// What is missing to learn from.
    pub(crate) fn lacks(&self) -> Option<&'static str> {
        [
            (&self.masked, "masked"),
            (&self.bare, "bare"),
            (&self.unlabelled, "bare folder"),
        ]
        .into_iter()
        .find_map(|(faces, name)| faces.is_empty().then_some(name))
    }

    /// One of a round's samples; the same numbers always give the same one.
    pub(crate) fn sample(&self, round: u64, number: u64) -> Result<Sample, VisionError> {
        let seed = (round << 32 | number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let random = &mut StdRng::seed_from_u64(seed);
        let of = |faces: &[&'a Labelled], random: &mut StdRng| {
            faces[random.random_range(0..faces.len())]
        };
        let kind = random.random_range(0.0..1.0);
        let (face, drawn) = if kind < 0.38 {
            (of(&self.masked, random), None)
        } else {
            let face = if random.random_bool(0.5) {
                of(&self.bare, random)
            } else {
                of(&self.unlabelled, random)
            };
            let drawn = if kind < 0.5 {
                Some(Drawn::Mask)
            } else if kind < 0.72 {
                let which = random.random_range(0..Drawn::HARMLESS.len());
                Some(Drawn::HARMLESS[which])
            } else {
                None
            };
            // Nothing is drawn on a face whose points are made up.
            (face, drawn.filter(|_| face.found != Found::Nowhere))
        };
        let mut wide = face.wide.clone();
        if let Some(drawn) = drawn {
            drawn.draw(&mut wide, &Frame::of(&face.points), random);
        }
        let mut chip = View::any(random).cut(&wide);
        for spoilt in light::any(random) {
            spoilt.apply(&mut chip, random)?;
        }
        Ok(Sample {
            chip,
            masked: face.masked || drawn == Some(Drawn::Mask),
        })
    }
}
