//! `MiniFASNet` against `PyTorch`, with the published weights and with weights that a generator makes up.

use std::collections::BTreeMap;
use std::fs;

use likeness::packs::convert::safetensors;
use likeness::packs::convert::tensor::NamedTensor;
use likeness::vision::detector::Face;
use likeness::vision::geometry::{BoundingBox, Point};
use likeness::vision::liveness::PassiveLiveness;
use likeness::vision::picture::Picture;
use serde::Deserialize;

use crate::vision::chips;
use crate::weights;

const SEED: u32 = 0x9E37_79B9;
const SIDE: usize = 80;

/// By network and chip, a probability a class.
type Answers = BTreeMap<String, BTreeMap<String, [f64; 3]>>;

#[derive(Deserialize)]
struct Reference {
    layout: BTreeMap<String, Vec<(String, Vec<usize>)>>,
    published: Answers,
    invented: Answers,
}

#[test]
fn probabilities_are_those_of_torch() {
    let Some(pack) = weights::liveness("probabilities_are_those_of_torch") else {
        return;
    };
    let networks = PassiveLiveness::load(&pack).expect("the weights fit");
    assert_agree(&networks, &reference().published);
}

#[test]
fn the_graph_is_that_of_torch_with_any_weights() {
    let expected = reference().invented;
    assert_agree(&invented(), &expected);
    // The proof is worth something only if the answers depend on the picture.
    for answers in expected.values() {
        let live: Vec<f64> = answers.values().map(|classes| classes[1]).collect();
        let most = live.iter().copied().fold(0.0, f64::max);
        let least = live.iter().copied().fold(1.0, f64::min);
        assert!(most - least > 0.01, "{least} to {most}");
    }
}

#[test]
fn the_score_is_the_mean_of_both_and_says_nothing_of_what_lies_far_from_the_face() {
    let networks = invented();
    let picture = chips::picture("mtcnn/obama.png");
    let face = face_at(60.0, 50.0, 30.0);
    let score = networks.score(&picture, &face).expect("the network runs");
    assert!((0.0..=1.0).contains(&score));
    let mut rgb = picture.rgb().to_vec();
    rgb[..3].fill(255);
    let other = Picture::from_rgb(picture.width(), picture.height(), rgb).expect("a picture");
    let far = face_at(120.0, 120.0, 20.0);
    let (one, two) = (
        networks.score(&picture, &far).expect("the network runs"),
        networks.score(&other, &far).expect("the network runs"),
    );
    assert!((one - two).abs() < 1e-12);
    assert!((one - score).abs() > 1e-6);
}

#[test]
fn a_crop_of_another_size_is_refused() {
    let chip = chips::picture("chips/obama_150.png");
    assert!(invented().probabilities([&chip, &chip]).is_err());
}

#[test]
fn a_pack_of_another_network_is_refused() {
    let manifest = weights::manifest();
    let pack = manifest.pack("mtcnn").expect("the manifest has the pack");
    let refused = PassiveLiveness::from_weights(pack, "nowhere".as_ref());
    let refused = refused.expect_err("mtcnn tells no liveness").to_string();
    assert!(refused.contains("nowhere"), "{refused}");
}

fn face_at(x: f32, y: f32, side: f32) -> Face {
    Face {
        bounds: BoundingBox {
            left: x,
            top: y,
            right: x + side,
            bottom: y + side,
        },
        confidence: 1.0,
        landmarks: [Point { x, y }; 5],
    }
}

fn assert_agree(networks: &PassiveLiveness, expected: &Answers) {
    let (small, large) = (&expected["v2"], &expected["v1se"]);
    assert!(!small.is_empty());
    for (chip, small) in small {
        let crop = middle(&chips::picture(&format!("chips/{chip}.png")));
        let found = networks
            .probabilities([&crop, &crop])
            .expect("the network runs");
        for (found, expected) in found.iter().zip([small, &large[chip]]) {
            for (found, expected) in found.iter().zip(expected) {
                let apart = (found - expected).abs();
                assert!(apart <= 1e-4, "{chip}: {found} for {expected}");
            }
        }
    }
}

/// The middle of a chip, as the script beside the reference cuts it.
fn middle(chip: &Picture) -> Picture {
    let width = chip.width() as usize;
    let start = (width - SIDE) / 2;
    let rows = chip.rgb().chunks_exact(width * 3).skip(start).take(SIDE);
    let rgb = rows.flat_map(|row| &row[start * 3..(start + SIDE) * 3]);
    let side = SIDE as u32;
    Picture::from_rgb(side, side, rgb.copied().collect()).expect("a part of a chip")
}

fn reference() -> Reference {
    chips::reference("mini_fasnet/reference.json")
}

fn invented() -> PassiveLiveness {
    let mut tensors = Vec::new();
    for (network, layout) in &reference().layout {
        let mut numbers = numbers();
        for (name, shape) in layout {
            let values = (0..shape.iter().product()).map(|_| made_up(name, shape, numbers()));
            tensors.push(NamedTensor {
                name: format!("{network}.{name}"),
                shape: shape.clone(),
                values: values.collect(),
            });
        }
    }
    let bytes = safetensors::write(&tensors, "{}").expect("the tensors can be written");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("invented.safetensors");
    fs::write(&path, bytes).expect("the file can be written");
    let manifest = weights::manifest();
    let pack = manifest
        .pack("minifasnet")
        .expect("the manifest has the pack");
    PassiveLiveness::from_weights(pack, &path).expect("the weights fit")
}

/// Whole numbers from −128 to 127, as the script beside the reference draws them.
fn numbers() -> impl FnMut() -> f32 {
    let mut state = SEED;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as f32 - 128.0
    }
}

/// A weight of the script's, by its name and its layer's shape.
fn made_up(name: &str, shape: &[usize], k: f32) -> f32 {
    let first = name.starts_with("module.conv1.");
    match name.rsplit('.').next() {
        Some("running_var") if first => (256.0 + k) * 64.0,
        Some("running_var") => (256.0 + k) / 80.0,
        Some("bias" | "running_mean") => k / 1024.0,
        _ if shape.len() == 1 && name.contains(".bn") => (512.0 + k) / 512.0,
        _ if shape.len() == 1 => (k + 128.0) / 1024.0,
        _ => {
            let inputs: usize = shape[1..].iter().product();
            let mut power = 0;
            while 4_u64.pow(power + 1) < 5476 * inputs as u64 {
                power += 1;
            }
            k / 2_f32.powi(power as i32)
        }
    }
}
