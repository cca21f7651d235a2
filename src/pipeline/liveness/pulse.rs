//! Looks for a heart's beat in the colour of the skin: a weak hint, told and trusted by no rule of ours.
//!
//! Wang, den Brinker, Stuijk and de Haan, "Algorithmic principles of remote PPG" (2017), section on POS.

use crate::pipeline::liveness::glimpse::Glimpse;

/// Samples a second that the colours are brought to.
const RATE: f64 = 15.0;
/// Samples of a window of the method, 1.6 s, and of what counts as slow change.
const WINDOW: usize = 24;
const SLOW: usize = 15;
/// Seconds, at least, for a beat to be told from chance.
const LEAST_SECONDS: f64 = 4.0;
/// Hearts beat from 42 to 210 times a minute, in steps that are fine enough for clips of a minute.
const BEATS_HZ: (f64, f64) = (0.7, 3.5);
const STEP_HZ: f64 = 0.02;
/// How far about the strongest beat, and about twice of it, is that beat's own.
const ABOUT_HZ: f64 = 0.15;
/// What chance puts there of the whole: prints and stills come to 0.25–0.5 (docs/liveness.md).
const CHANCE: f64 = 0.3;

/// How clearly one beat stands out, 0–100; nothing of less than four seconds of a face.
pub fn clarity(glimpses: &[Glimpse]) -> Option<f64> {
    let colours: Vec<(f64, [f64; 3])> = glimpses
        .iter()
        .filter_map(|glimpse| {
            let face = glimpse.face.as_ref()?;
            Some((glimpse.time_ms as f64 / 1000.0, face.skin.map(f64::from)))
        })
        .collect();
    let (first, last) = (colours.first()?.0, colours.last()?.0);
    if last - first < LEAST_SECONDS {
        return None;
    }
    let even = evenly(&colours);
    let wave = without_slow_change(&pulse_wave(&even));
    let share = share_of_one_beat(&wave)?;
    Some(100.0 * ((share - CHANCE) / (1.0 - CHANCE)).clamp(0.0, 1.0))
}

/// The colours at even times, on straight lines between those that were seen.
fn evenly(colours: &[(f64, [f64; 3])]) -> Vec<[f64; 3]> {
    let (first, last) = (colours[0].0, colours[colours.len() - 1].0);
    let count = ((last - first) * RATE) as usize;
    (0..count)
        .map(|index| {
            let time = first + index as f64 / RATE;
            let after = colours.partition_point(|(at, _)| *at <= time);
            let (a, b) = (
                &colours[after.saturating_sub(1)],
                &colours[after.min(colours.len() - 1)],
            );
            let share = if b.0 > a.0 {
                (time - a.0) / (b.0 - a.0)
            } else {
                0.0
            };
            std::array::from_fn(|channel| a.1[channel] + share * (b.1[channel] - a.1[channel]))
        })
        .collect()
}

/// The two differences of colours that light does not change, laid over each other window by window.
fn pulse_wave(colours: &[[f64; 3]]) -> Vec<f64> {
    let mut wave = vec![0.0; colours.len()];
    for (start, window) in colours.windows(WINDOW).enumerate() {
        let mean: [f64; 3] = std::array::from_fn(|channel| {
            let sum: f64 = window.iter().map(|colour| colour[channel]).sum();
            (sum / WINDOW as f64).max(1.0)
        });
        let parts = window.iter().map(|colour| {
            let [red, green, blue] = std::array::from_fn(|channel| colour[channel] / mean[channel]);
            (green - blue, green + blue - 2.0 * red)
        });
        let (across, along): (Vec<f64>, Vec<f64>) = parts.unzip();
        let weight = spread(&across) / spread(&along).max(1e-9);
        for (offset, (across, along)) in across.iter().zip(&along).enumerate() {
            wave[start + offset] += across + weight * along;
        }
    }
    wave
}

fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / values.len() as f64).sqrt()
}

fn without_slow_change(wave: &[f64]) -> Vec<f64> {
    (0..wave.len())
        .map(|at| {
            let around = &wave[at.saturating_sub(SLOW / 2)..(at + SLOW / 2 + 1).min(wave.len())];
            wave[at] - around.iter().sum::<f64>() / around.len() as f64
        })
        .collect()
}

/// Of all that beats as hearts do, the share about the strongest beat and its double.
fn share_of_one_beat(wave: &[f64]) -> Option<f64> {
    let steps = ((BEATS_HZ.1 - BEATS_HZ.0) / STEP_HZ) as usize;
    let powers: Vec<(f64, f64)> = (0..=steps)
        .map(|step| BEATS_HZ.0 + step as f64 * STEP_HZ)
        .map(|hertz| (hertz, power(wave, hertz)))
        .collect();
    let strongest = powers.iter().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
    let all: f64 = powers.iter().map(|(_, power)| power).sum();
    let near = |hertz: f64| {
        (hertz - strongest).abs() < ABOUT_HZ || (hertz - 2.0 * strongest).abs() < ABOUT_HZ
    };
    let own: f64 = powers
        .iter()
        .filter(|(hertz, _)| near(*hertz))
        .map(|(_, power)| power)
        .sum();
    (all > 0.0).then(|| own / all)
}

/// The power at one frequency, under a window that fades at both ends.
fn power(wave: &[f64], hertz: f64) -> f64 {
    let turn = std::f64::consts::TAU;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, value) in wave.iter().enumerate() {
        let fade = 0.5 - 0.5 * (turn * at as f64 / wave.len() as f64).cos();
        let angle = turn * hertz * at as f64 / RATE;
        real += fade * value * angle.cos();
        imaginary += fade * value * angle.sin();
    }
    real * real + imaginary * imaginary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::liveness::glimpse::tests::glimpses;

    /// Twelve seconds of skin whose green fades by so much with every beat, under a lamp that flickers.
    fn skin(depth: f32) -> Vec<Glimpse> {
        let mut state = 9_u32;
        glimpses(180, move |time, face| {
            let seconds = time as f32 / 1000.0;
            let lamp = 1.0 + 0.05 * (seconds * 0.9).sin();
            let beat = (std::f32::consts::TAU * 1.2 * seconds).sin();
            let [red, green, blue] = face.skin;
            let mut noise = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as f32 / 65_536.0 - 0.5
            };
            face.skin = [
                lamp * red + 0.2 * noise(),
                lamp * green * (1.0 - depth * beat) + 0.2 * noise(),
                lamp * blue * (1.0 - 0.5 * depth * beat) + 0.2 * noise(),
            ];
        })
    }

    #[test]
    fn a_beat_stands_out_of_what_lamps_and_noise_do() {
        let (alive, print) = (clarity(&skin(0.006)).unwrap(), clarity(&skin(0.0)).unwrap());
        assert!(alive > 60.0, "{alive}");
        assert!(print < 30.0, "{print}");
    }

    #[test]
    fn a_short_clip_says_nothing() {
        assert_eq!(clarity(&glimpses(45, |_, _| {})), None);
    }
}
