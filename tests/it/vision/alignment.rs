//! Alignment against scikit-image's transform and `OpenCV`'s warp.

use likeness::vision::alignment::{Similarity, align};
use likeness::vision::geometry::Point;
use serde::Deserialize;

use crate::vision::chips::{picture, reference};

#[derive(Deserialize)]
struct Reference {
    points: [[f32; 2]; 5],
    template: [[f32; 2]; 5],
    matrix: [[f32; 3]; 2],
    scale: f32,
}

fn points(places: [[f32; 2]; 5]) -> [Point; 5] {
    places.map(|[x, y]| Point { x, y })
}

#[test]
fn the_transform_is_that_of_umeyama() {
    let reference: Reference = reference("alignment/reference.json");
    let [[a, b, u], [c, d, v]] = reference.matrix;
    let found = Similarity::between(&points(reference.template), &points(reference.points));
    for (x, y) in [(0.0, 0.0), (96.0, 0.0), (0.0, 96.0), (50.0, 70.0)] {
        let place = found.apply(Point { x, y });
        assert!((place.x - (a * x + b * y + u)).abs() < 1e-3);
        assert!((place.y - (c * x + d * y + v)).abs() < 1e-3);
    }
    assert!((found.scale() - reference.scale).abs() < 1e-5);
}

#[test]
fn the_chip_is_that_of_a_linear_warp() {
    let reference: Reference = reference("alignment/reference.json");
    let expected = picture("alignment/chip.png");
    let source = picture("alignment/source.png");
    let found = align(
        &source,
        &points(reference.points),
        &points(reference.template),
        96,
    );
    let found = found.expect("a chip");
    let gaps = found.rgb().iter().zip(expected.rgb());
    let gaps: Vec<u32> = gaps.map(|(a, b)| u32::from(a.abs_diff(*b))).collect();
    let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
    let worst = gaps.into_iter().max().expect("there are pixels");
    // OpenCV knows places to a 32nd of a pixel only.
    assert!(mean < 0.5 && worst <= 6, "mean {mean}, worst {worst}");
}
