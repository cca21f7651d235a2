//! The map between two pictures of one plane, fitted to points, and how far points stray from it.

/// Points that are fitted, at least: the map has eight numbers, and a ninth point is what strays.
const LEAST_POINTS: usize = 5;
/// The numbers to be found; the ninth of the map is 1.
const UNKNOWNS: usize = 8;
/// A pivot below this, of numbers near 1, means that the points lie on a line.
const SINGULAR: f64 = 1e-10;

/// A map of the plane that keeps lines straight.
#[derive(Clone, Copy, PartialEq)]
pub struct Homography([f64; 9]);

impl Homography {
    /// The map that brings `from` to `to` with the least squares of what is left in its equations;
    /// None for fewer than five points, or points that lie on a line.
    pub fn fit(from: &[[f32; 2]], to: &[[f32; 2]]) -> Option<Self> {
        if from.len() != to.len() || from.len() < LEAST_POINTS {
            return None;
        }
        let (before, after) = (Frame::about(from)?, Frame::about(to)?);
        let mut sums = [[0.0; UNKNOWNS + 1]; UNKNOWNS];
        for (source, target) in from.iter().zip(to) {
            let ([x, y], [u, v]) = (before.inside(*source), after.inside(*target));
            let across = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u];
            let down = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v];
            for equation in [across, down] {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (column, sum) in sums.iter_mut().enumerate() {
                        *sum += equation[row] * equation[column];
                    }
                }
            }
        }
        let [a, b, c, d, e, f, g, h] = solved(sums)?;
        Some(Self::between(
            &before,
            [a, b, c, d, e, f, g, h, 1.0],
            &after,
        ))
    }

    /// Where a point comes to lie.
    pub fn apply(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (f64::from(x), f64::from(y));
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let depth = g * x + h * y + i;
        [
            ((a * x + b * y + c) / depth) as f32,
            ((d * x + e * y + f) / depth) as f32,
        ]
    }

    /// How far points stray from where the map brings them: the root of the mean square, in pixels.
    pub fn strays(&self, from: &[[f32; 2]], to: &[[f32; 2]]) -> f32 {
        let squares = from.iter().zip(to).map(|(source, target)| {
            let [x, y] = self.apply(*source);
            (x - target[0]).powi(2) + (y - target[1]).powi(2)
        });
        (squares.sum::<f32>() / from.len().max(1) as f32).sqrt()
    }

    /// The map between frames, as a map between the pictures they were laid over.
    fn between(before: &Frame, inner: [f64; 9], after: &Frame) -> Self {
        let Frame { x, y, size } = *before;
        let enter = [
            1.0 / size,
            0.0,
            -x / size,
            0.0,
            1.0 / size,
            -y / size,
            0.0,
            0.0,
            1.0,
        ];
        let leave = [
            after.size, 0.0, after.x, 0.0, after.size, after.y, 0.0, 0.0, 1.0,
        ];
        Self(product(&leave, &product(&inner, &enter)))
    }
}

/// A frame of coordinates in which points lie about the middle at a distance of about 1, so that
/// the sums stay of one size.
struct Frame {
    x: f64,
    y: f64,
    size: f64,
}

impl Frame {
    fn about(points: &[[f32; 2]]) -> Option<Self> {
        let count = points.len() as f64;
        let x = points.iter().map(|point| f64::from(point[0])).sum::<f64>() / count;
        let y = points.iter().map(|point| f64::from(point[1])).sum::<f64>() / count;
        let distance = |point: &[f32; 2]| (f64::from(point[0]) - x).hypot(f64::from(point[1]) - y);
        let size = points.iter().map(distance).sum::<f64>() / count;
        (size.is_finite() && size > 0.0).then_some(Self { x, y, size })
    }

    fn inside(&self, [x, y]: [f32; 2]) -> [f64; 2] {
        [
            (f64::from(x) - self.x) / self.size,
            (f64::from(y) - self.y) / self.size,
        ]
    }
}

fn product(left: &[f64; 9], right: &[f64; 9]) -> [f64; 9] {
    std::array::from_fn(|at| {
        let (row, column) = (at / 3 * 3, at % 3);
        (0..3)
            .map(|step| left[row + step] * right[step * 3 + column])
            .sum()
    })
}

/// Solves by elimination, the largest pivot of each column first; the last column is the right side.
fn solved(mut rows: [[f64; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
    for step in 0..UNKNOWNS {
        let pivot = (step..UNKNOWNS)
            .max_by(|a, b| rows[*a][step].abs().total_cmp(&rows[*b][step].abs()))?;
        rows.swap(step, pivot);
        let leading = rows[step];
        if leading[step].abs() < SINGULAR {
            return None;
        }
        for row in rows.iter_mut().skip(step + 1) {
            let share = row[step] / leading[step];
            for (value, above) in row.iter_mut().zip(leading) {
                *value -= share * above;
            }
        }
    }
    let mut found = [0.0; UNKNOWNS];
    for step in (0..UNKNOWNS).rev() {
        let known: f64 = (step + 1..UNKNOWNS)
            .map(|column| rows[step][column] * found[column])
            .sum();
        found[step] = (rows[step][UNKNOWNS] - known) / rows[step][step];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid of points, and how far each stands out of its plane.
    fn grid() -> Vec<([f32; 2], f32)> {
        (0..25)
            .map(|at| {
                let (x, y) = ((at % 5) as f32, (at / 5) as f32);
                let height = 40.0 - 10.0 * ((x - 2.0).powi(2) + (y - 2.0).powi(2));
                ([300.0 + 40.0 * x, 500.0 + 40.0 * y], height)
            })
            .collect()
    }

    /// The grid turned about its upright middle before a camera 1000 pixels away.
    fn seen(flat: bool, degrees: f32) -> Vec<[f32; 2]> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        grid()
            .into_iter()
            .map(|([x, y], height)| {
                let (x, y, z) = (x - 380.0, y - 580.0, if flat { 0.0 } else { height });
                let (x, z) = (x * cos + z * sin, z * cos - x * sin);
                let near = 1000.0 / (1000.0 - z);
                [380.0 + x * near, 580.0 + y * near]
            })
            .collect()
    }

    #[test]
    fn a_plane_that_turns_strays_nowhere_and_what_stands_out_does() {
        for degrees in [5.0, 15.0, 30.0] {
            let (before, after) = (seen(true, 0.0), seen(true, degrees));
            let map = Homography::fit(&before, &after).unwrap();
            assert!(map.strays(&before, &after) < 0.01, "{degrees}");
            let (before, after) = (seen(false, 0.0), seen(false, degrees));
            let map = Homography::fit(&before, &after).unwrap();
            let strayed = map.strays(&before, &after);
            assert!(strayed > 0.1 * degrees, "{degrees}: {strayed}");
        }
    }

    #[test]
    fn points_on_a_line_or_too_few_fit_nothing() {
        let line: Vec<[f32; 2]> = (0..8).map(|at| [at as f32, 2.0 * at as f32]).collect();
        assert!(Homography::fit(&line, &line).is_none());
        let few = seen(true, 0.0);
        assert!(Homography::fit(&few[..4], &few[..4]).is_none());
        assert!(Homography::fit(&[[1.0, 1.0]; 9], &[[1.0, 1.0]; 9]).is_none());
    }
}
