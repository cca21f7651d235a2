//! The report beside the weights: what they were made of and how they do on what was held out.

use std::fmt::Write as _;
use std::time::Instant;

use likeness::vision::detector::Face;
use likeness::vision::error::VisionError;
use likeness::vision::geometry::{BoundingBox, Point};
use likeness::vision::mask::{MaskClassifier, NAME};
use likeness::vision::picture::Picture;

use crate::machine;
use crate::mask::data::{Found, Labelled};
use crate::mask::drawn::Drawn;
use crate::mask::fit::Learnt;
use crate::mask::light::Spoilt;
use crate::mask::measure::{self, Seen};
use crate::mask::split::Part;

/// How the weights came about.
pub(crate) struct Made<'a> {
    pub(crate) date: &'a str,
    /// Of the weights as they are kept.
    pub(crate) sha256: String,
    pub(crate) minutes: f64,
    pub(crate) learnt: &'a Learnt,
    /// What it says of the pictures that chose.
    pub(crate) chosen: Seen,
}

/// Ways of seeing a face that are measured one by one.
const WAYS: [(&str, &[Spoilt]); 13] = [
    ("as they came", &[]),
    ("half the light", &[Spoilt::Gain([0.5; 3])]),
    (
        "a fifth of the light, with noise",
        &[Spoilt::Gain([0.2; 3]), Spoilt::Noise(6.0)],
    ),
    ("overexposed", &[Spoilt::Gain([1.7; 3])]),
    ("dark skin", &[Spoilt::DarkSkin(0.4)]),
    (
        "dark skin in half the light",
        &[Spoilt::DarkSkin(0.4), Spoilt::Gain([0.5; 3])],
    ),
    ("light from one side", &[Spoilt::OneSided(0.8, 0.0)]),
    (
        "light from above",
        &[Spoilt::OneSided(0.8, std::f32::consts::FRAC_PI_2)],
    ),
    ("without colour", &[Spoilt::Colourful(0.0)]),
    ("noise of ±20 levels", &[Spoilt::Noise(20.0)]),
    ("blurred (1.5 of 48 pixels)", &[Spoilt::Blur(1.5)]),
    ("a face of 16 pixels", &[Spoilt::Coarse(20.0)]),
    ("JPEG of quality 20", &[Spoilt::Compressed(20)]),
];

/// The report's text. It is the first and only look at what was held out.
pub(crate) fn write(
    classifier: &MaskClassifier,
    faces: &[Labelled],
    made: &Made<'_>,
) -> Result<String, VisionError> {
    let held: Vec<&Labelled> = faces
        .iter()
        .filter(|face| face.part == Part::HeldOut)
        .collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_head(&mut text, made);
    let _ = write_data(&mut text, faces);
    let _ = write_figures(&mut text, classifier, &held, made)?;
    let _ = write_robustness(&mut text, classifier, &held)?;
    let _ = write_time(&mut text, classifier)?;
    Ok(text)
}

type Written = Result<(), std::fmt::Error>;

fn write_head(text: &mut String, made: &Made<'_>) -> Written {
    writeln!(text, "# `{NAME}`: does a face wear a mask?\n")?;
    writeln!(
        text,
        "Written by `training mask`; edited by nobody. The weights beside it, `mask.safetensors`, are built into the\n\
         program and part of a verdict's provenance.\n"
    )?;
    writeln!(
        text,
        "| | |\n|---|---|\n| weights | sha256 `{}` |\n| network | {} numbers in half precision: five convolutions of 3×3 over a chip of 48×48, see `src/vision/nets/mask_net.rs` |\n| command | `cargo run --release -p training -- mask --data MASKS --lfw LFW --out models/mask.safetensors --report models/mask.md --date {}` |\n| date | {} |\n| machine | {}; {:.0} minutes |\n| learning | {} rounds of 4 096 samples, fixed seeds; the weights of round {} did best on the pictures that choose (loss {:.4}) |\n",
        made.sha256,
        made.learnt.size(),
        made.date,
        made.date,
        machine::describe(),
        made.minutes,
        made.learnt.rounds,
        made.learnt.best,
        made.learnt.loss,
    )
}

fn write_data(text: &mut String, faces: &[Labelled]) -> Written {
    writeln!(
        text,
        "## Pictures\n\n\
         None is kept in this repository. MASKS holds labelled pictures, LFW pictures of its folds 0–4, in which nobody wears a\n\
         mask. The labelled ones are divided by a hash of their names, copies of one picture staying together; LFW by a hash of the\n\
         person's name.\n\n\
         | part | masked | bare | LFW |\n|---|---|---|---|"
    )?;
    for (part, name) in [
        (Part::Learning, "to learn from"),
        (Part::Choosing, "to choose the round and the bound"),
        (Part::HeldOut, "held out"),
    ] {
        let count = |wanted: fn(&Labelled) -> bool| {
            let faces = faces.iter().filter(|face| face.part == part);
            faces.filter(|face| wanted(face)).count()
        };
        writeln!(
            text,
            "| {name} | {} | {} | {} |",
            count(|face| face.masked),
            count(|face| !face.masked && !face.bare_folder),
            count(|face| face.bare_folder),
        )?;
    }
    let missed = |masked: bool| {
        let of = faces
            .iter()
            .filter(|face| !face.bare_folder && face.masked == masked);
        let count = |found: Found| of.clone().filter(|face| face.found == found).count();
        let (bordered, nowhere) = (count(Found::WithBorder), count(Found::Nowhere));
        format!(
            "{} of {} (of which {bordered} with a border)",
            bordered + nowhere,
            of.count()
        )
    };
    writeln!(
        text,
        "\nThe service's own detector finds no face in {} masked and in {} bare labelled\n\
         pictures, many of which a face fills to the edges. Of these a face is found with a grey border around the picture, or the\n\
         picture's middle is taken, in learning and in measuring; the service itself says that there is no face.\n\n\
         Nothing else is learnt from, but much is made of it: samples are mirrored, moved, leant, grown and shrunk, darkened, lit\n\
         from one side, recoloured, blurred, compressed; skin is darkened; and on bare faces are drawn masks (which count as\n\
         masked) and beards, hands, scarves, microphones and masks under the mouth (which do not).\n",
        missed(true),
        missed(false)
    )
}

fn write_figures(
    text: &mut String,
    classifier: &MaskClassifier,
    held: &[&Labelled],
    made: &Made<'_>,
) -> Result<Written, VisionError> {
    let worn = measure::as_they_came(classifier, held)?;
    let all = measure::seen(held, &worn);
    let (found, found_worn): (Vec<&Labelled>, Vec<f64>) = held
        .iter()
        .zip(&worn)
        .filter(|(face, _)| face.found == Found::AsItIs)
        .map(|(face, worn)| (*face, *worn))
        .unzip();
    let found = measure::seen(&found, &found_worn);
    Ok(write_table(text, &made.chosen, &all, &found))
}

fn write_table(text: &mut String, chosen: &Seen, all: &Seen, found: &Seen) -> Written {
    writeln!(
        text,
        "## Figures\n\n\
         The bound, 0.5, divides the pictures that choose best: there {} of the masked are seen, {} of the bare and {} of LFW's\n\
         are taken for masked.\n\n\
         On what was held out, looked at once (in brackets how many of how many, and the exact 95 % interval of Clopper and\n\
         Pearson; of the balanced accuracy the mean of both intervals' ends):\n\n\
         | | every picture | a face was found |\n|---|---|---|",
        chosen.masked, chosen.bare, chosen.folder
    )?;
    let balanced = |seen: &Seen| {
        let (low, high) = seen.balanced_interval();
        format!(
            "**{:.2} %** ({:.2}–{:.2} %, n = {})",
            seen.balanced() * 100.0,
            low * 100.0,
            high * 100.0,
            seen.masked.of + seen.bare.of
        )
    };
    writeln!(
        text,
        "| balanced accuracy | {} | {} |\n| masked, and seen as such | {} | {} |\n| bare, and taken for masked | {} | {} |\n| LFW, and taken for masked | | **{}** |\n",
        balanced(all),
        balanced(found),
        all.masked,
        found.masked,
        all.bare,
        found.bare,
        found.folder
    )
}

fn write_robustness(
    text: &mut String,
    classifier: &MaskClassifier,
    held: &[&Labelled],
) -> Result<Written, VisionError> {
    let mut table = String::from(
        "## Spoilt and covered\n\n\
         The same faces, spoilt by arithmetic. Taken for masked are, of each kind:\n\n\
         | seen | masked | bare | LFW |\n|---|---|---|---|\n",
    );
    let percent = |share: crate::interval::Share| format!("{:.1} %", share.value() * 100.0);
    for (name, ways) in WAYS {
        let seen = measure::spoilt(classifier, held, ways)?;
        let row = [seen.masked, seen.bare, seen.folder]
            .map(percent)
            .join(" | ");
        let _ = writeln!(table, "| {name} | {row} |");
    }
    table.push_str(
        "\nThe bare faces of both sources, with something drawn over them by the code that drew it for the learning:\n\n\
         | drawn | taken for masked |\n|---|---|\n",
    );
    for what in [Drawn::Mask].into_iter().chain(Drawn::HARMLESS) {
        let share = measure::drawn(classifier, held, what)?;
        let _ = writeln!(table, "| {} | {share} |", what.name());
    }
    Ok(writeln!(text, "{table}"))
}

fn write_time(text: &mut String, classifier: &MaskClassifier) -> Result<Written, VisionError> {
    const TIMES: u32 = 200;
    let picture = Picture::from_rgb(720, 1280, vec![120; 720 * 1280 * 3])?;
    let point = |x: f32, y: f32| Point { x, y };
    let face = Face {
        bounds: BoundingBox {
            left: 160.0,
            top: 340.0,
            right: 560.0,
            bottom: 860.0,
        },
        confidence: 1.0,
        landmarks: [
            point(260.0, 520.0),
            point(460.0, 540.0),
            point(360.0, 640.0),
            point(280.0, 760.0),
            point(440.0, 770.0),
        ],
    };
    classifier.worn(&picture, &face)?;
    let started = Instant::now();
    for _ in 0..TIMES {
        classifier.worn(&picture, &face)?;
    }
    let each = started.elapsed() / TIMES;
    Ok(writeln!(
        text,
        "## Time\n\n{:.2} ms a face of 400×520 pixels, cutting out and mirror image included, on one thread of the machine above.",
        each.as_secs_f64() * 1000.0
    ))
}
