//! dlib's network in candle against dlib.

use likeness::vision::embedder::Embedder;

use crate::vision::chips::{Vectors, assert_agree, chips, reference};
use crate::weights;

#[test]
fn descriptors_are_those_of_dlib() {
    let Some(pack) = weights::embedder("dlib", "descriptors_are_those_of_dlib") else {
        return;
    };
    let embedder = Embedder::load(&pack).expect("the weights fit");
    let expected: Vectors = reference("dlib_resnet/reference.json");
    let found = embedder.raw(&chips(&expected)).expect("the network runs");
    assert_agree(&found, &expected, 0.999_999);
}

#[test]
fn a_batch_of_dlib_says_what_each_chip_alone_says() {
    let Some(pack) = weights::embedder("dlib", "a_batch_of_dlib_says_what_each_chip_alone_says")
    else {
        return;
    };
    let embedder = Embedder::load(&pack).expect("the weights fit");
    let expected: Vectors = reference("dlib_resnet/reference.json");
    let chips = chips(&expected);
    let together = embedder
        .embed_chips(&chips, true)
        .expect("the network runs");
    for (chip, together) in chips.iter().zip(&together) {
        let alone = embedder.embed_chips(std::slice::from_ref(chip), true);
        let alone = alone.expect("the network runs").remove(0);
        assert!(alone.similarity(together) > 0.999_999);
    }
}
