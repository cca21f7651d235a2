//! From luma and colour differences to red, green and blue (pure).

/// How a picture's luma and colour differences are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) standard: Standard,
    /// Luma and differences use the whole byte instead of 16–235 and 16–240.
    pub(super) full_range: bool,
}

/// The standards whose luma weights differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    Bt601,
    Bt709,
    Bt2020,
    Smpte240,
}

impl Standard {
    /// What players assume when a stream does not say: the standard of its picture size.
    pub(super) fn assumed_for(width: u32, height: u32) -> Self {
        if width >= 1280 || height > 576 {
            Self::Bt709
        } else {
            Self::Bt601
        }
    }

    /// Weights of red and blue in luma: ITU-R BT.601-7, BT.709-6, BT.2020-2 and SMPTE ST 240.
    fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240 => (0.212, 0.087),
        }
    }
}

/// One plane of samples, whose lines may be longer than the picture is wide.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) samples: &'a [u8],
    pub(super) stride: usize,
}

impl<'a> Plane<'a> {
    /// The samples from the beginning of a line on.
    fn line(&self, row: usize) -> &'a [u8] {
        self.samples.get(row * self.stride..).unwrap_or_default()
    }
}

/// Bits after the point in the fixed-point arithmetic below.
const POINT: u32 = 14;

/// The factors of the conversion, as fixed-point numbers.
struct Factors {
    black: i32,
    luma: i32,
    red: i32,
    green_blue: i32,
    green_red: i32,
    blue: i32,
}

impl Factors {
    fn of(coding: Coding) -> Self {
        let (red, blue) = coding.standard.weights();
        let green = 1.0 - red - blue;
        let (black, luma, chroma) = if coding.full_range {
            (0, 1.0, 1.0)
        } else {
            (16, 255.0 / 219.0, 255.0 / 224.0)
        };
        let fixed = |factor: f64| (factor * f64::from(1 << POINT)).round() as i32;
        Self {
            black,
            luma: fixed(luma),
            red: fixed(2.0 * (1.0 - red) * chroma),
            green_blue: fixed(2.0 * blue * (1.0 - blue) / green * chroma),
            green_red: fixed(2.0 * red * (1.0 - red) / green * chroma),
            blue: fixed(2.0 * (1.0 - blue) * chroma),
        }
    }

    /// Converts a line; every slice is as long as the picture is wide, `rgb` three times.
    fn line(&self, luma: &[u8], blue: &[u8], red: &[u8], rgb: &mut [u8]) {
        let byte = |value: i32| (value >> POINT).clamp(0, 255) as u8;
        let samples = luma.iter().zip(blue).zip(red);
        for (pixel, ((&luma, &blue), &red)) in rgb.chunks_exact_mut(3).zip(samples) {
            let luma = (i32::from(luma) - self.black) * self.luma + (1 << (POINT - 1));
            let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
            pixel[0] = byte(luma + self.red * red);
            pixel[1] = byte(luma - self.green_blue * blue - self.green_red * red);
            pixel[2] = byte(luma + self.blue * blue);
        }
    }
}

/// Converts three planes of equal size to RGB, three bytes a pixel.
pub(super) fn to_rgb(
    planes: [Plane<'_>; 3],
    width: usize,
    height: usize,
    coding: Coding,
) -> Vec<u8> {
    let factors = Factors::of(coding);
    let mut rgb = vec![0; width * height * 3];
    for (row, line) in rgb.chunks_exact_mut(width.max(1) * 3).enumerate() {
        let [luma, blue, red] = planes.map(|plane| plane.line(row));
        factors.line(luma, blue, red, line);
    }
    rgb
}

/// The same where the planes of colour differences have half the width and half the height, both
/// even: what lies between their samples is on the straight line from one to the next.
pub(super) fn halved_to_rgb(
    [luma, blue, red]: [Plane<'_>; 3],
    width: usize,
    height: usize,
    coding: Coding,
) -> Vec<u8> {
    let factors = Factors::of(coding);
    let mut rgb = vec![0; width * height * 3];
    let (mut blues, mut reds) = (Widened::new(width), Widened::new(width));
    for (row, line) in rgb.chunks_exact_mut(width.max(1) * 3).enumerate() {
        let near = row / 2;
        let far = if row % 2 == 0 {
            near.saturating_sub(1)
        } else {
            (near + 1).min(height / 2 - 1)
        };
        blues.fill(blue.line(near), blue.line(far));
        reds.fill(red.line(near), red.line(far));
        factors.line(luma.line(row), &blues.line, &reds.line, line);
    }
    rgb
}

/// A line of colour differences at the luma's width.
struct Widened {
    line: Vec<u8>,
    /// Four times the differences at the line's height, with the first and the last repeated.
    sums: Vec<u16>,
}

impl Widened {
    fn new(width: usize) -> Self {
        Self {
            line: vec![0; width],
            sums: vec![0; width / 2 + 2],
        }
    }

    /// A sample in between lies three times as close to the one as to the other, both ways.
    fn fill(&mut self, near: &[u8], far: &[u8]) {
        let Some((first, rest)) = self.sums.split_first_mut() else {
            return;
        };
        for (sum, (&near, &far)) in rest.iter_mut().zip(near.iter().zip(far)) {
            *sum = 3 * u16::from(near) + u16::from(far);
        }
        let half = self.line.len() / 2;
        *first = rest[0];
        rest[half] = rest[half.saturating_sub(1)];
        for (pair, sums) in self.line.chunks_exact_mut(2).zip(self.sums.windows(3)) {
            pair[0] = ((3 * sums[1] + sums[0] + 8) >> 4) as u8;
            pair[1] = ((3 * sums[1] + sums[2] + 8) >> 4) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(luma: u8, blue: u8, red: u8, standard: Standard, full_range: bool) -> Vec<u8> {
        let samples = [[luma], [blue], [red]];
        let plane = |index: usize| Plane {
            samples: &samples[index],
            stride: 1,
        };
        let planes = [plane(0), plane(1), plane(2)];
        to_rgb(
            planes,
            1,
            1,
            Coding {
                standard,
                full_range,
            },
        )
    }

    #[test]
    fn black_and_white_of_either_range() {
        for standard in [
            Standard::Bt601,
            Standard::Bt709,
            Standard::Bt2020,
            Standard::Smpte240,
        ] {
            assert_eq!(one(16, 128, 128, standard, false), [0, 0, 0]);
            assert_eq!(one(235, 128, 128, standard, false), [255, 255, 255]);
            assert_eq!(one(0, 128, 128, standard, true), [0, 0, 0]);
            assert_eq!(one(255, 128, 128, standard, true), [255, 255, 255]);
        }
    }

    #[test]
    fn pure_red_of_each_standard() {
        // Red's luma and differences, worked out from the weights by hand.
        assert_eq!(one(81, 90, 240, Standard::Bt601, false), [254, 0, 0]);
        assert_eq!(one(63, 102, 240, Standard::Bt709, false), [255, 1, 0]);
        assert_eq!(one(76, 85, 255, Standard::Bt601, true), [254, 0, 0]);
    }

    #[test]
    fn long_lines_are_cut_to_the_picture() {
        let samples = [16, 235, 99, 235, 16, 99];
        let grey = [128; 6];
        let planes = [&samples[..], &grey, &grey].map(|samples| Plane { samples, stride: 3 });
        let coding = Coding {
            standard: Standard::Bt601,
            full_range: false,
        };
        let rgb = to_rgb(planes, 2, 2, coding);
        assert_eq!(
            rgb.chunks(3).map(|p| p[0]).collect::<Vec<_>>(),
            [0, 255, 255, 0]
        );
    }
}
