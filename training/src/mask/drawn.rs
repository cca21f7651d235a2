//! What is drawn over faces: masks, and what is none and lies where one would: beards, hands, scarves, microphones.

use likeness::vision::geometry::Point;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::canvas::{Canvas, Colour};
use crate::mask::frame::Frame;

/// Something that can be drawn over a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// Over nose, mouth and chin.
    Mask,
    /// Pulled down, so that nose and mouth are free.
    PulledDown,
    Beard,
    /// Over the mouth; the nose stays free.
    HandOnMouth,
    HandOnCheek,
    /// Up to the chin.
    Scarf,
    Microphone,
}

impl Drawn {
    /// What leaves a face bare.
    pub(crate) const HARMLESS: [Self; 6] = [
        Self::PulledDown,
        Self::Beard,
        Self::HandOnMouth,
        Self::HandOnCheek,
        Self::Scarf,
        Self::Microphone,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mask => "a drawn mask",
            Self::PulledDown => "a drawn mask under the mouth",
            Self::Beard => "a drawn beard",
            Self::HandOnMouth => "a drawn hand over the mouth",
            Self::HandOnCheek => "a drawn hand on the cheek",
            Self::Scarf => "a drawn scarf up to the chin",
            Self::Microphone => "a drawn microphone",
        }
    }

    pub(crate) fn draw(self, canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
        match self {
            Self::Mask => mask(canvas, frame, random),
            Self::PulledDown => pulled_down(canvas, frame, random),
            Self::Beard => beard(canvas, frame, random),
            Self::HandOnMouth => {
                let at = (
                    random.random_range(-0.4..0.4),
                    random.random_range(1.05..1.4),
                );
                hand(canvas, frame, at, random);
            }
            Self::HandOnCheek => {
                let side = if random.random_bool(0.5) { 1.0 } else { -1.0 };
                let at = (
                    side * random.random_range(0.9..1.4),
                    random.random_range(0.6..1.4),
                );
                hand(canvas, frame, at, random);
            }
            Self::Scarf => scarf(canvas, frame, random),
            Self::Microphone => microphone(canvas, frame, random),
        }
    }
}

/// A number that strays from `about`.
fn near(about: f32, by: f32, random: &mut StdRng) -> f32 {
    about + random.random_range(-by..by)
}

/// How cloth looks: a colour, folds and a print.
struct Cloth {
    colour: Colour,
    print: Colour,
    /// Dots or stripes of the second colour, so large; none where it is 0.
    print_size: f32,
    striped: bool,
    folds: f32,
    fold_shift: f32,
    grain: f32,
}

impl Cloth {
    fn any(random: &mut StdRng) -> Self {
        const USUAL: [Colour; 10] = [
            [235.0, 238.0, 240.0],
            [170.0, 205.0, 225.0],
            [120.0, 180.0, 205.0],
            [130.0, 190.0, 175.0],
            [25.0, 25.0, 28.0],
            [45.0, 45.0, 52.0],
            [110.0, 112.0, 118.0],
            [30.0, 40.0, 80.0],
            [215.0, 200.0, 180.0],
            [225.0, 160.0, 175.0],
        ];
        let free = |random: &mut StdRng| std::array::from_fn(|_| random.random_range(15.0..245.0));
        let colour = if random.random_bool(0.7) {
            let usual = USUAL[random.random_range(0..USUAL.len())];
            usual.map(|value| near(value, 14.0, random))
        } else {
            free(random)
        };
        Self {
            colour,
            print: free(random),
            print_size: if random.random_bool(0.2) {
                random.random_range(0.1..0.35)
            } else {
                0.0
            },
            striped: random.random_bool(0.4),
            folds: random.random_range(0.0..22.0),
            fold_shift: random.random_range(0.0..6.0),
            grain: random.random_range(0.0..9.0),
        }
    }

    /// The colour at a place on the face: darker towards the sides, as what is round is.
    fn at(&self, (across, down): (f32, f32), random: &mut StdRng) -> Colour {
        let printed = self.print_size > 0.0 && {
            let cell = |value: f32| (value / self.print_size).rem_euclid(1.0) - 0.5;
            if self.striped {
                cell(down) > 0.0
            } else {
                cell(across).hypot(cell(down)) < 0.3
            }
        };
        let colour = if printed { self.print } else { self.colour };
        let fold = (down * 14.0 + self.fold_shift).sin() * self.folds;
        let shade = 1.0 - 0.28 * across.abs().powi(2).min(1.6);
        let grain = near(0.0, self.grain + 0.01, random);
        colour.map(|value| value * shade + fold + grain)
    }
}

fn mask(canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
    let cloth = Cloth::any(random);
    let nose = frame.turned * 0.9;
    let top = near(0.38, 0.16, random);
    let cheek = top + random.random_range(0.0..0.3);
    let wide = near(1.15, 0.2, random);
    let chin = near(1.95, 0.15, random);
    let outline = frame.outline(&[
        (nose - wide, cheek + near(0.12, 0.1, random)),
        (nose - 0.5, near(top + 0.12, 0.08, random)),
        (nose, top),
        (nose + 0.5, near(top + 0.12, 0.08, random)),
        (nose + wide, cheek + near(0.12, 0.1, random)),
        (nose + wide * 0.95, near(1.3, 0.12, random)),
        (nose * 0.7 + 0.55, chin - 0.08),
        (nose * 0.6, chin),
        (nose * 0.7 - 0.55, chin - 0.08),
        (nose - wide * 0.95, near(1.3, 0.12, random)),
    ]);
    if random.random_bool(0.6) {
        for side in [-1.0, 1.0] {
            let from = frame.place(nose + side * wide, cheek + 0.1);
            let to = frame.place(side * 1.9, near(0.35, 0.2, random));
            line(canvas, (from, to), 0.9, cloth.colour);
        }
    }
    let opaque = random.random_range(0.93..1.0);
    canvas.paint(|place| {
        let cover = outline.covers(place);
        (cover > 0.0).then(|| (cover * opaque, cloth.at(frame.where_is(place), random)))
    });
}

fn pulled_down(canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
    let cloth = Cloth::any(random);
    let top = random.random_range(1.38..1.7);
    let wide = near(1.0, 0.15, random);
    let outline = frame.outline(&[
        (-wide, top - 0.25),
        (-0.5, top - 0.02),
        (frame.turned * 0.5, top),
        (0.5, top - 0.02),
        (wide, top - 0.25),
        (wide, 1.75),
        (0.5, 2.35),
        (-0.5, 2.35),
        (-wide, 1.75),
    ]);
    canvas.paint(|place| {
        let cover = outline.covers(place);
        (cover > 0.0).then(|| (cover, cloth.at(frame.where_is(place), random)))
    });
}

fn beard(canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
    const HAIR: [Colour; 6] = [
        [22.0, 20.0, 20.0],
        [48.0, 34.0, 26.0],
        [88.0, 62.0, 42.0],
        [130.0, 84.0, 50.0],
        [125.0, 122.0, 120.0],
        [200.0, 198.0, 195.0],
    ];
    let hair = HAIR[random.random_range(0..HAIR.len())].map(|value| near(value, 10.0, random));
    let nose = frame.turned * 0.7;
    let (top, long) = (near(0.8, 0.15, random), near(1.95, 0.25, random));
    let wide = near(1.0, 0.12, random);
    let outline = frame.outline(&[
        (nose - wide, top - 0.2),
        (nose - wide * 0.8, top + 0.2),
        (nose - 0.4, near(0.86, 0.05, random)),
        (nose, near(0.8, 0.04, random)),
        (nose + 0.4, near(0.86, 0.05, random)),
        (nose + wide * 0.8, top + 0.2),
        (nose + wide, top - 0.2),
        (nose + wide * 0.9, 1.4),
        (nose * 0.7 + 0.5, long - 0.1),
        (nose * 0.6, long),
        (nose * 0.7 - 0.5, long - 0.1),
        (nose - wide * 0.9, 1.4),
    ]);
    let lips = random.random_bool(0.85);
    let dense = random.random_range(0.35..1.0);
    let strands = random.random_range(10.0..45.0);
    canvas.paint(|place| {
        let (across, down) = frame.where_is(place);
        let mouth = ((across - nose) / 0.42).hypot((down - 1.0) / 0.13);
        let around = if lips {
            (mouth - 0.7).clamp(0.0, 1.0)
        } else {
            1.0
        };
        let cover = outline.covers(place) * around;
        (cover > 0.0).then(|| {
            let ragged = random.random_range(0.55..1.0);
            let shade = random.random_range(-strands..strands) * 0.7;
            (cover * dense * ragged, hair.map(|value| value + shade))
        })
    });
}

/// A palm and four fingers of the face's own skin.
fn hand(canvas: &mut Canvas, frame: &Frame, (across, down): (f32, f32), random: &mut StdRng) {
    let tone = random.random_range(0.8..1.12);
    let skin = frame.skin(canvas, random).map(|value| value * tone);
    let outward = if across < 0.0 { -1.0 } else { 1.0 };
    let size = near(0.36, 0.08, random);
    // The fingers' tips lie at the place; the palm lies below and outward.
    let lean = near(0.5, 0.35, random) * outward;
    let palm = (across + lean * 1.5, down + 1.1);
    let fingers: [((f32, f32), (f32, f32)); 4] = std::array::from_fn(|finger| {
        let beside = (finger as f32 - 1.5) * size * 0.62;
        let shorter = [0.16, 0.0, 0.03, 0.2][finger];
        let tip = (
            across + beside,
            (down + shorter + near(0.0, 0.05, random)).max(0.95),
        );
        // On a cheek nothing hides the nose, however high the fingers reach.
        let tip = if across.abs() > 0.8 {
            (tip.0, down + shorter)
        } else {
            tip
        };
        (tip, (palm.0 + beside, palm.1))
    });
    canvas.paint(|place| {
        let at = frame.where_is(place);
        let to_palm = ((at.0 - palm.0) / (size * 1.7)).hypot((at.1 - palm.1) / 0.55);
        let mut deep = 1.0 - to_palm;
        let mut between = 1.0_f32;
        for (tip, root) in &fingers {
            let away = distance(at, *tip, *root) / (size * 0.33);
            deep = deep.max(1.0 - away);
            between = between.min((away - 1.0).abs());
        }
        let crease = if to_palm > 1.0 && between < 0.12 {
            0.72
        } else {
            1.0
        };
        let grain = random.random_range(-4.0..4.0);
        let cover = (deep * 6.0).clamp(0.0, 1.0);
        (cover > 0.0).then(|| (cover, skin.map(|value| value * crease + grain)))
    });
}

fn scarf(canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
    let cloth = Cloth::any(random);
    let top = random.random_range(1.55..2.1);
    let outline = frame.outline(&[
        (-2.6, top - random.random_range(0.0..0.5)),
        (-0.9, top - random.random_range(0.0..0.25)),
        (0.0, top),
        (0.9, top - random.random_range(0.0..0.25)),
        (2.6, top - random.random_range(0.0..0.5)),
        (3.0, 5.0),
        (-3.0, 5.0),
    ]);
    canvas.paint(|place| {
        let cover = outline.covers(place);
        (cover > 0.0).then(|| (cover, cloth.at(frame.where_is(place), random)))
    });
}

fn microphone(canvas: &mut Canvas, frame: &Frame, random: &mut StdRng) {
    let grey = random.random_range(10.0..110.0);
    let at = (near(0.0, 0.4, random), random.random_range(1.1..1.5));
    let size = random.random_range(0.2..0.42);
    let foot = (at.0 + near(0.0, 0.8, random), 4.0);
    canvas.paint(|place| {
        let here = frame.where_is(place);
        let head = (here.0 - at.0).hypot((here.1 - at.1) * 0.9) / size;
        let stick = distance(here, at, foot) / (size * 0.5);
        let cover = ((1.0 - head.min(stick)) * 6.0).clamp(0.0, 1.0);
        let shine = random.random_range(-10.0..10.0) + 25.0 * (1.0 - head).max(0.0);
        (cover > 0.0).then_some((cover, [grey + shine; 3]))
    });
}

fn line(canvas: &mut Canvas, (from, to): (Point, Point), wide: f32, colour: Colour) {
    canvas.paint(|place| {
        let away = distance((place.x, place.y), (from.x, from.y), (to.x, to.y));
        let cover = (wide + 0.5 - away).clamp(0.0, 1.0);
        (cover > 0.0).then_some((cover * 0.8, colour))
    });
}

/// From a place to the line between two others.
fn distance(at: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (at.0 - from.0, at.1 - from.1);
    let along = ((x * dx + y * dy) / (dx * dx + dy * dy).max(1e-6)).clamp(0.0, 1.0);
    (x - dx * along).hypot(y - dy * along)
}
