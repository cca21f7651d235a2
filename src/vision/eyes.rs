//! What a mesh tells of a living head: how far each eye is open, and where the head points.

use crate::vision::geometry::Point;
use crate::vision::landmarks::Mesh;
use crate::vision::quality::Pose;

/// The points of one eye.
struct Eye {
    corners: [usize; 2],
    /// The upper and the lower lid, at three places between the corners.
    lids: [[usize; 2]; 3],
}

/// The eye that is seen on the left, which is the right one of who shows it.
const LEFT: Eye = Eye {
    corners: [33, 133],
    lids: [[160, 144], [159, 145], [158, 153]],
};

/// The one on the right, mirrored.
const RIGHT: Eye = Eye {
    corners: [263, 362],
    lids: [[387, 373], [386, 374], [385, 380]],
};

/// Points of the left and the right half of a face that lie on one level and move little with its
/// expression: outer and inner corners of the eyes, the sides of the nose, the temples.
const PAIRS: [[usize; 2]; 5] = [[33, 263], [133, 362], [129, 358], [127, 356], [234, 454]];

/// Down the middle of the face without the jaw: between the brows, and below the nose.
const MIDDLE_LINE: [usize; 2] = [9, 2];

/// How far the middle line of a level head leans, in degrees: fitted, as the constants of `vision::quality`, to what
/// head-pose-estimation-adas-0001 (Open Model Zoo) says of 294 faces. Beside it, yaw strays by 5 degrees and
/// pitch by 9 (standard deviation), as those drawn from five points do.
const LEVEL_LINE: f32 = 1.7;

/// How far the left and the right eye are open, named as they are seen: the mean distance of the lids as a part of
/// the distance of the corners. How the head leans changes nothing, how it is turned a little.
///
/// It is to be held against the same eyes a moment before, not against a number: the network's lids never meet. In a
/// clip of seven blinks it stays within 5 hundredths of its median, 0.31, and falls to about three quarters of it in
/// each; from one person to the next, open eyes lie between 0.2 and 0.36.
pub fn openness(mesh: &Mesh) -> (f32, f32) {
    (open(mesh, &LEFT), open(mesh, &RIGHT))
}

fn open(mesh: &Mesh, eye: &Eye) -> f32 {
    let apart = |[a, b]: [usize; 2]| distance(mesh.place(a), mesh.place(b));
    let lids: f32 = eye.lids.into_iter().map(apart).sum();
    let width = apart(eye.corners);
    if width > 0.0 {
        lids / (eye.lids.len() as f32 * width)
    } else {
        0.0
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Where the head points, from the mesh's own axes: across the face through pairs of points, down its middle line.
pub fn head_pose(mesh: &Mesh) -> Pose {
    let line = |[from, to]: [usize; 2]| {
        let point = |index: usize| mesh.points.get(index).copied().unwrap_or_default();
        let (from, to) = (point(from), point(to));
        std::array::from_fn(|axis| to[axis] - from[axis])
    };
    let across = PAIRS.into_iter().map(line).fold([0.0; 3], plus);
    let down: [f32; 3] = line(MIDDLE_LINE);
    let roll = across[1].atan2(across[0]);
    // What the face looks along, in the frame of the level head: out of the picture is negative.
    let ahead = turned(cross(down, across), -roll);
    let yaw = ahead[0].atan2(-ahead[2]);
    let pitch = (-ahead[1]).atan2(ahead[0].hypot(ahead[2]));
    Pose {
        yaw: yaw.to_degrees(),
        pitch: pitch.to_degrees() - LEVEL_LINE,
        roll: roll.to_degrees(),
    }
}

fn plus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] + b[axis])
}

fn cross([ax, ay, az]: [f32; 3], [bx, by, bz]: [f32; 3]) -> [f32; 3] {
    [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}

/// Turned clockwise in the picture's plane.
fn turned([x, y, z]: [f32; 3], radians: f32) -> [f32; 3] {
    let (sin, cos) = radians.sin_cos();
    [x * cos - y * sin, x * sin + y * cos, z]
}
