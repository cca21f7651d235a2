//! How long an exact search takes among 1 000, 100 000 and 1 000 000 faces: `cargo bench --bench search`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::Instant;

use likeness::search::faces::Faces;
use likeness::session::ids::{SubjectId, TemplateId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

const SEARCHES: usize = 30;

fn main() {
    println!("faces dimensions MB median_ms p95_ms");
    // The embedders' own sizes: dlib 128, retail-0095 256.
    for dimensions in [128, 256] {
        for count in [1_000_usize, 100_000, 1_000_000] {
            measure(count, dimensions);
        }
    }
}

fn measure(count: usize, dimensions: usize) {
    let mut random = StdRng::seed_from_u64(count as u64);
    let mut faces = Faces::new(dimensions);
    for number in 0..count {
        let vector = unit(&mut random, dimensions);
        let id = Uuid::from_u128(number as u128 + 1);
        faces.put(TemplateId(id), SubjectId(id), &vector);
    }
    let mut taken: Vec<f64> = (0..SEARCHES)
        .map(|_| {
            let probe = unit(&mut random, dimensions);
            let started = Instant::now();
            black_box(faces.search(&probe, 10));
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    let megabytes = count * dimensions * 4 / 1_000_000;
    let (median, late) = (taken[SEARCHES / 2], taken[SEARCHES * 95 / 100]);
    println!("{count} {dimensions} {megabytes} {median:.3} {late:.3}");
}

fn unit(random: &mut StdRng, dimensions: usize) -> Vec<f32> {
    let raw: Vec<f32> = (0..dimensions)
        .map(|_| random.random_range(-1.0..1.0))
        .collect();
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.iter().map(|value| value / length).collect()
}
