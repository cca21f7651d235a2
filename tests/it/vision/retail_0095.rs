//! retail-0095 in candle against `OpenVINO`, with the published weights and with weights that a generator makes up.

use std::collections::BTreeMap;
use std::fs;

use half::f16;
use likeness::packs::convert::openvino_bin::{self, Constant};
use likeness::packs::convert::safetensors;
use likeness::packs::manifest::Precision;
use likeness::vision::embedder::Embedder;
use likeness::vision::error::VisionError;

use crate::vision::chips::{Vectors, assert_agree, chips, cosine, reference};
use crate::weights;

const SEED: u32 = 0x9E37_79B9;

#[test]
fn embeddings_are_those_of_openvino() {
    let Some(pack) = weights::embedder("retail-0095", "embeddings_are_those_of_openvino") else {
        return;
    };
    let embedder = Embedder::load(&pack).expect("the weights fit");
    let expected = expected("published");
    let found = embedder.raw(&chips(&expected)).expect("the network runs");
    assert_agree(&found, &expected, 0.999_99);
}

#[test]
fn the_graph_is_that_of_openvino_with_any_weights() {
    let embedder = invented_embedder();
    let expected = expected("invented");
    let found = embedder.raw(&chips(&expected)).expect("the network runs");
    assert_agree(&found, &expected, 0.999_99);
    // The proof is worth something only if the answers depend on the picture.
    let other = expected.values().next_back().expect("there are chips");
    assert!(cosine(&found[0], other) < 0.95);
}

/// Shorter numbers turn a vector by very little: less than a face turns it from one frame to the next.
#[test]
fn shorter_numbers_say_nearly_the_same() {
    let exact = invented_embedder();
    let chips = chips(&expected("invented"));
    let exact = exact.raw(&chips).expect("the network runs");
    let Ok(shorter) = invented_at(Precision::Bf16) else {
        // A processor without matrix tiles says so, and is not asked again.
        let refused = invented_at(Precision::Bf16).expect_err("there are no matrix tiles");
        assert!(refused.to_string().contains("no matrix tiles"));
        return;
    };
    let shorter = shorter.raw(&chips).expect("the network runs");
    for (exact, shorter) in exact.iter().zip(&shorter) {
        let cosine = cosine(exact, shorter);
        assert!(cosine >= 0.999, "{cosine}");
        assert_ne!(exact, shorter, "the numbers were not shorter");
    }
}

#[test]
fn published_weights_in_shorter_numbers_say_nearly_the_same() {
    let name = "published_weights_in_shorter_numbers_say_nearly_the_same";
    let Some(pack) = weights::embedder("retail-0095", name) else {
        return;
    };
    let pack = pack.at(Precision::Bf16).expect("the pack is offered so");
    let Ok(embedder) = Embedder::load(&pack) else {
        return;
    };
    let expected = expected("published");
    let found = embedder.raw(&chips(&expected)).expect("the network runs");
    assert_agree(&found, &expected, 0.999);
}

#[test]
fn a_batch_says_what_each_chip_alone_says() {
    let embedder = invented_embedder();
    let chips = chips(&expected("invented"));
    let together = embedder
        .embed_chips(&chips, true)
        .expect("the network runs");
    for (chip, together) in chips.iter().zip(&together) {
        let alone = embedder.embed_chips(std::slice::from_ref(chip), true);
        let alone = alone.expect("the network runs").remove(0);
        assert!(alone.similarity(together) > 0.999_999);
        // Without the mirror image the vector is another, so the average did happen.
        let plain = embedder.embed_chips(std::slice::from_ref(chip), false);
        let plain = plain.expect("the network runs").remove(0);
        assert!(plain.similarity(together) < 0.999_9);
    }
}

#[test]
fn a_chip_of_another_size_is_refused() {
    let chip = crate::vision::chips::picture("chips/obama_150.png");
    assert!(invented_embedder().raw(&[chip]).is_err());
}

fn expected(weights: &str) -> Vectors {
    let mut all: BTreeMap<String, Vectors> = reference("retail_0095/reference.json");
    all.remove(weights)
        .expect("the reference names the weights")
}

fn invented_embedder() -> Embedder {
    invented_at(Precision::F32).expect("the weights fit")
}

fn invented_at(precision: Precision) -> Result<Embedder, VisionError> {
    let tensors = openvino_bin::read(&invented()).expect("the made-up file is whole");
    let bytes = safetensors::write(&tensors, "{}").expect("the tensors can be written");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("invented.safetensors");
    fs::write(&path, bytes).expect("the file can be written");
    let manifest = weights::manifest();
    let pack = manifest
        .pack("retail-0095")
        .expect("the manifest has the pack");
    Embedder::from_weights(pack, &path, precision)
}

/// The same numbers as the script beside the reference makes: small whole ones times powers of two.
fn invented() -> Vec<u8> {
    let mut state = SEED;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as f32 - 128.0
    };
    let mut bytes = Vec::new();
    for constant in openvino_bin::layout() {
        let power = exponent(&constant);
        for _ in 0..constant.shape.iter().product() {
            let k: f32 = next();
            let value = match constant.name.rsplit('.').next() {
                Some("scale") => (512.0 + k) / 65536.0,
                Some("shift") => (k - 512.0) / 512.0,
                Some("bias") => k / 1024.0,
                Some("slope") => (k + 128.0) / 1024.0,
                _ => k / 2_f32.powi(power),
            };
            bytes.extend(f16::from_f32(value).to_le_bytes());
        }
    }
    bytes
}

fn exponent(constant: &Constant) -> i32 {
    let inputs: u64 = constant.shape[1..]
        .iter()
        .map(|extent| *extent as u64)
        .product();
    let mut power = 0;
    while 4_u64.pow(power + 1) < 5476 * inputs {
        power += 1;
    }
    power as i32
}
