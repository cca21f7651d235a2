//! How long an exact search takes beside reading the faces once: `cargo bench --bench search -- --threads 1`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::hint::black_box;
use std::time::Instant;

use clap::Parser;
use kernels::machine::Machine;
use kernels::reading;
use likeness::search::faces::Faces;
use likeness::session::ids::{SubjectId, TemplateId};
use likeness::session::template::cosine;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use serde_json::json;
use uuid::Uuid;

/// Whom a search looks for.
const WANTED: usize = 5;

/// Every so many searches one is held against scoring everybody.
const CHECKED: usize = 10;

#[derive(Parser)]
struct Args {
    /// Faces in the gallery.
    #[arg(long, default_value_t = 1_000_000)]
    faces: usize,

    /// Numbers of a face: dlib has 128, retail-0095 256.
    #[arg(long, default_value_t = 256)]
    dimensions: usize,

    #[arg(long, default_value_t = 1)]
    threads: usize,

    #[arg(long, default_value_t = 30)]
    runs: usize,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
    pool.build().unwrap().install(|| measure(&args));
}

/// Reads and searches by turns, so that a machine that slows down slows both.
fn measure(args: &Args) {
    let mut random = StdRng::seed_from_u64(1);
    let mut faces = Faces::new(args.dimensions);
    let mut values = Vec::new();
    for number in 0..args.faces {
        let vector = unit(&mut random, args.dimensions);
        let id = Uuid::from_u128(number as u128 + 1);
        faces.put(TemplateId(id), SubjectId(id), &vector);
        values.extend(vector);
    }
    let (mut reads, mut searches) = (Vec::new(), Vec::new());
    let mut exact = true;
    for run in 0..=args.runs {
        // Some are like nobody, some much like somebody.
        let mut probe = unit(&mut random, args.dimensions);
        if run % 2 == 1 {
            let row = random.random_range(0..args.faces) * args.dimensions;
            for (value, face) in probe.iter_mut().zip(&values[row..]) {
                *value = 0.3 * *value + 0.95 * face;
            }
            scale(&mut probe);
        }
        let read = milliseconds(|| {
            black_box(read_all(&values));
        });
        let mut hits = Vec::new();
        let search = milliseconds(|| hits = faces.search(&probe, WANTED));
        if run % CHECKED < 2 {
            let found: Vec<_> = hits.iter().map(|hit| hit.subject.0.as_u128()).collect();
            exact &= found == textbook(&values, &probe);
        }
        // The first run fetches what the others have near.
        if run > 0 {
            reads.push(read);
            searches.push(search);
        }
    }
    report(args, median(&mut reads), median(&mut searches), exact);
}

fn report(args: &Args, read: f64, search: f64, exact: bool) {
    let bytes = args.faces * args.dimensions * size_of::<f32>();
    let (bandwidth, ratio) = (bytes as f64 / read / 1e6, search / read);
    if args.json {
        let figures = json!({
            "faces": args.faces, "dimensions": args.dimensions, "threads": args.threads, "runs": args.runs,
            "read_ms": read, "read_gb_per_s": bandwidth, "search_ms": search, "ratio": ratio, "exact": exact,
        });
        println!("{figures}");
    } else {
        println!(
            "{} faces of {} numbers, {} threads: read {read:.2} ms ({bandwidth:.1} GB/s), searched {search:.2} ms, \
             ratio {ratio:.2}, top {WANTED} {}",
            args.faces,
            args.dimensions,
            args.threads,
            if exact { "exact" } else { "WRONG" },
        );
    }
}

/// The array read once, as fast as the machine does it.
fn read_all(values: &[f32]) -> f32 {
    let pieces = values.par_chunks(1 << 20);
    pieces
        .map(|piece| reading::sum(Machine::best(), piece))
        .sum()
}

/// The best by double precision, everybody scored.
fn textbook(values: &[f32], probe: &[f32]) -> Vec<u128> {
    let rows = values.par_chunks(probe.len()).enumerate();
    let mut scored: Vec<(f32, u128)> = rows
        .map(|(row, face)| (cosine(face, probe), row as u128 + 1))
        .collect();
    scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.iter().take(WANTED).map(|(_, id)| *id).collect()
}

fn milliseconds(step: impl FnOnce()) -> f64 {
    let started = Instant::now();
    step();
    started.elapsed().as_secs_f64() * 1000.0
}

fn median(taken: &mut [f64]) -> f64 {
    taken.sort_by(f64::total_cmp);
    f64::midpoint(taken[(taken.len() - 1) / 2], taken[taken.len() / 2])
}

fn unit(random: &mut StdRng, dimensions: usize) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..dimensions)
        .map(|_| random.random_range(-1.0..1.0))
        .collect();
    scale(&mut vector);
    vector
}

fn scale(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in vector {
        *value /= length;
    }
}
