//! Pictures whose faces a test chooses, and the eye that sees them: real files, made-up people.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use likeness::pipeline::defects::{Bounds, Sight, defects};
use likeness::pipeline::examiner::{ExamineError, LookOrder, Looked, LookedFace};
use likeness::session::examination::{CaptureCode, FaceBox, FaceFinding, HeadPose};
use likeness::session::template::Template;
use likeness::vision::picture::{Picture, PictureLimits};

/// Degrees between the vectors of person n and person n + 1: cos 10° is 0.985, of 9 persons further 0.
const STEP: f64 = 10.0;

/// What the first pixels of a picture tell the eye of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Person number, 1–35.
    pub(crate) person: u8,
    /// Faces of like size; 0 for none.
    pub(crate) faces: u8,
    /// Pixels of the largest face's side.
    pub(crate) side: u8,
    /// Whose is the second face.
    pub(crate) second: u8,
    pub(crate) masked: bool,
    /// 0–100.
    pub(crate) liveness: u8,
    /// Degrees to the right.
    pub(crate) yaw: u8,
    pub(crate) cut_off: bool,
}

impl Shown {
    pub(crate) fn person(person: u8) -> Self {
        Self {
            person,
            faces: 1,
            side: 180,
            second: 0,
            masked: false,
            liveness: 90,
            yaw: 0,
            cut_off: false,
        }
    }

    pub(crate) fn nobody() -> Self {
        Self {
            faces: 0,
            ..Self::person(1)
        }
    }

    /// A PNG of 400 × 300 pixels that shows it.
    pub(crate) fn png(self) -> Vec<u8> {
        self.png_of(400, 300)
    }

    pub(crate) fn png_of(self, width: u32, height: u32) -> Vec<u8> {
        let mut picture = RgbImage::from_pixel(width, height, Rgb([90, 120, 150]));
        picture.put_pixel(0, 0, Rgb([self.person, self.faces, self.side]));
        let masked = u8::from(self.masked);
        picture.put_pixel(1, 0, Rgb([self.second, masked, self.liveness]));
        picture.put_pixel(2, 0, Rgb([self.yaw, u8::from(self.cut_off), 0]));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn read(picture: &Picture) -> Self {
        let rgb = picture.rgb();
        Self {
            person: rgb[0],
            faces: rgb[1],
            side: rgb[2],
            second: rgb[3],
            masked: rgb[4] == 1,
            liveness: rgb[5],
            yaw: rgb[6],
            cut_off: rgb[7] == 1,
        }
    }
}

/// The picture as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    likeness::http::base64_picture::encode(bytes)
}

/// One person alone, as base64.
pub(crate) fn person(number: u8) -> String {
    base64(&Shown::person(number).png())
}

/// The percentage that the eye gives two people: the cosine of their angle, as a percentage.
pub(crate) fn percentage(one: u8, other: u8) -> f64 {
    let degrees = (f64::from(one) - f64::from(other)) * STEP;
    let cosine = degrees.to_radians().cos() as f32;
    f64::from(cosine.clamp(0.0, 1.0)) * 100.0
}

/// Sees what a picture says it shows. The file is decoded for real, so that a broken one is refused for real.
#[expect(clippy::result_large_err, reason = "the seam's own error")]
pub(crate) fn look(order: LookOrder<'_>, pack: &str) -> Result<Looked, ExamineError> {
    let limits = PictureLimits {
        max_pixels: 50_000_000,
    };
    let picture = Picture::decode(order.picture, &limits).map_err(ExamineError::Picture)?;
    let shown = Shown::read(&picture);
    let mut faces = Vec::new();
    if shown.faces > 0 {
        faces.push(face(
            shown,
            shown.person,
            f32::from(shown.side),
            order,
            0,
            pack,
        ));
    }
    if shown.second > 0 {
        let side = f32::from(shown.side) / 2.0;
        faces.push(face(shown, shown.second, side, order, 1, pack));
    }
    let code = match shown.faces {
        0 => CaptureCode::NoUsableFace,
        1 if shown.cut_off => CaptureCode::NotCentred,
        1 => CaptureCode::Ok,
        _ => CaptureCode::SeveralFaces,
    };
    let size = (picture.width(), picture.height());
    let sight = faces.first().map(|face| Sight {
        size,
        face: &face.finding,
        pupil_distance: face.landmarks[1].0 - face.landmarks[0].0,
        comparable: usize::from(shown.faces),
        covered: face.masked,
        eyes_open: None,
    });
    let defects = defects(sight, &Bounds::PICTURE);
    Ok(Looked {
        width: picture.width(),
        height: picture.height(),
        code,
        comparable: usize::from(shown.faces),
        faces,
        defects,
    })
}

fn face(
    shown: Shown,
    person: u8,
    side: f32,
    order: LookOrder<'_>,
    index: usize,
    pack: &str,
) -> LookedFace {
    let face_box = FaceBox {
        left: 100.0,
        top: 60.0,
        width: side,
        height: side,
    };
    LookedFace {
        finding: FaceFinding {
            face_box,
            confidence: 0.99,
            sharpness: 500.0,
            brightness: 120.0,
            unevenness: Some(0.1),
            pose: HeadPose {
                yaw: f32::from(shown.yaw),
                pitch: 0.0,
                roll: 0.0,
            },
            mask: order.mask.then_some(f64::from(u8::from(shown.masked))),
            eyes_open: None,
            landmarks: None,
        },
        face_box,
        landmarks: [
            (100.0 + side * 0.3, 60.0 + side * 0.4),
            (100.0 + side * 0.7, 60.0 + side * 0.4),
            (100.0 + side * 0.5, 60.0 + side * 0.6),
            (100.0 + side * 0.35, 60.0 + side * 0.8),
            (100.0 + side * 0.65, 60.0 + side * 0.8),
        ],
        template: (index < order.templates).then(|| template(person, pack)),
        thumbnail: if index < order.templates {
            Shown::person(person).png_of(32, 32)
        } else {
            Vec::new()
        },
        masked: order.mask.then_some(shown.masked),
        liveness: order.liveness.then(|| f64::from(shown.liveness) / 100.0),
    }
}

fn template(person: u8, pack: &str) -> Template {
    let angle = (f64::from(person) * STEP).to_radians();
    Template::new(pack, vec![angle.cos() as f32, angle.sin() as f32]).unwrap()
}
