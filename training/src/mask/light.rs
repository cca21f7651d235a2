//! How a face may be seen: dark or bright, dark-skinned, unevenly lit, noisy, blurred, coarse, compressed.

use likeness::vision::error::VisionError;
use likeness::vision::picture::{Picture, PictureLimits};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::canvas::Canvas;

/// One way of spoiling a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spoilt {
    /// Every colour times so much.
    Gain([f32; 3]),
    /// Each value raised to this power, of 0–1.
    Gamma(f32),
    /// How far each value lies from the middle, times so much.
    Contrast(f32),
    /// How much of its colour is left.
    Colourful(f32),
    /// What has the colour of skin is darkened to so much, and browner.
    DarkSkin(f32),
    /// To one side darker, by so much at the edge; radians say to which.
    OneSided(f32, f32),
    /// Each value moves by up to so many levels.
    Noise(f32),
    /// By a bell of so many pixels.
    Blur(f32),
    /// Seen with so many pixels a side only.
    Coarse(f32),
    /// Through a JPEG of that quality.
    Compressed(u8),
}

impl Spoilt {
    pub(crate) fn apply(self, canvas: &mut Canvas, random: &mut StdRng) -> Result<(), VisionError> {
        match self {
            Self::Gain(gain) => each(canvas, |value, colour| value * gain[colour]),
            Self::Gamma(power) => each(canvas, |value, _| {
                255.0 * (value / 255.0).max(0.0).powf(power)
            }),
            Self::Contrast(times) => each(canvas, |value, _| 110.0 + (value - 110.0) * times),
            Self::Colourful(left) => {
                for pixel in &mut canvas.pixels {
                    let grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
                    *pixel = pixel.map(|value| grey + (value - grey) * left);
                }
            }
            Self::DarkSkin(to) => darken_skin(canvas, to),
            Self::OneSided(by, to) => {
                let (sin, cos) = to.sin_cos();
                let side = canvas.side as f32;
                for (index, pixel) in canvas.pixels.iter_mut().enumerate() {
                    let x = (index % canvas.side) as f32 / side - 0.5;
                    let y = (index / canvas.side) as f32 / side - 0.5;
                    let lit = 1.0 - by * (0.5 + x * cos + y * sin).clamp(0.0, 1.0);
                    *pixel = pixel.map(|value| value * lit);
                }
            }
            Self::Noise(levels) => each(canvas, |value, _| {
                value + random.random_range(-levels..=levels)
            }),
            Self::Blur(sigma) => canvas.blur(sigma),
            Self::Coarse(side) => coarsen(canvas, side),
            Self::Compressed(quality) => {
                let picture = canvas.to_picture()?;
                let limits = PictureLimits {
                    max_pixels: 1 << 20,
                };
                *canvas = Canvas::of(&Picture::decode(&picture.to_jpeg(quality)?, &limits)?);
            }
        }
        for value in canvas.pixels.iter_mut().flatten() {
            *value = value.clamp(0.0, 255.0);
        }
        Ok(())
    }
}

fn each(canvas: &mut Canvas, mut change: impl FnMut(f32, usize) -> f32) {
    for pixel in &mut canvas.pixels {
        for (colour, value) in pixel.iter_mut().enumerate() {
            *value = change(*value, colour);
        }
    }
}

/// Skin is redder than green and greener than blue, which cloth seldom is by as much.
fn darken_skin(canvas: &mut Canvas, to: f32) {
    for pixel in &mut canvas.pixels {
        let [red, green, blue] = *pixel;
        let skin = ((red - green) / 18.0)
            .min((red - blue) / 30.0)
            .clamp(0.0, 1.0);
        let tone = [to, to * 0.93, to * 0.88];
        for (value, tone) in pixel.iter_mut().zip(tone) {
            *value *= 1.0 - skin * (1.0 - tone);
        }
    }
}

fn coarsen(canvas: &mut Canvas, side: f32) {
    let step = canvas.side as f32 / side;
    canvas.blur((step * 0.5).max(0.3));
    let from = canvas.clone();
    for (index, pixel) in canvas.pixels.iter_mut().enumerate() {
        let cell = |at: usize| ((at as f32 / step).floor() + 0.5) * step;
        *pixel = from.at(likeness::vision::geometry::Point {
            x: cell(index % from.side),
            y: cell(index / from.side),
        });
    }
}

/// A way of seeing a face that the training makes up, of many things at once.
pub(crate) fn any(random: &mut StdRng) -> Vec<Spoilt> {
    let mut spoilt = Vec::new();
    if random.random_bool(0.25) {
        spoilt.push(Spoilt::DarkSkin(random.random_range(0.3..0.85)));
    }
    if random.random_bool(0.3) {
        let to = random.random_range(0.0..std::f32::consts::TAU);
        spoilt.push(Spoilt::OneSided(random.random_range(0.2..0.85), to));
    }
    if random.random_bool(0.7) {
        let light = if random.random_bool(0.3) {
            random.random_range(0.18..0.6)
        } else {
            random.random_range(0.7..1.35)
        };
        let gain = std::array::from_fn(|_| light * random.random_range(0.88..1.12));
        spoilt.push(Spoilt::Gain(gain));
    }
    if random.random_bool(0.4) {
        spoilt.push(Spoilt::Gamma(random.random_range(0.6..1.7)));
    }
    if random.random_bool(0.4) {
        spoilt.push(Spoilt::Contrast(random.random_range(0.55..1.35)));
    }
    if random.random_bool(0.35) {
        let left = if random.random_bool(0.3) {
            0.0
        } else {
            random.random_range(0.2..1.4)
        };
        spoilt.push(Spoilt::Colourful(left));
    }
    if random.random_bool(0.3) {
        spoilt.push(Spoilt::Blur(random.random_range(0.4..1.8)));
    } else if random.random_bool(0.25) {
        spoilt.push(Spoilt::Coarse(random.random_range(16.0..40.0)));
    }
    if random.random_bool(0.4) {
        spoilt.push(Spoilt::Noise(random.random_range(1.0..22.0)));
    }
    if random.random_bool(0.3) {
        spoilt.push(Spoilt::Compressed(random.random_range(20..90)));
    }
    spoilt
}
