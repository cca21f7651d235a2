//! What load is made of: a small document and a short video of one person, and the calls that send them.

use std::process::{Command, Stdio};

use reqwest::multipart::{Form, Part};

use crate::helpers::sample;

/// A document and a video of one person, small enough that nothing waits long for either.
#[derive(Clone)]
pub(super) struct Evidence {
    pub(super) document: Vec<u8>,
    pub(super) video: Vec<u8>,
}

impl Evidence {
    /// Made from the samples: a card of 480 pixels and half a second of video.
    pub(super) fn small() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let make = |from: &str, to: &str, options: &str| {
            let path = folder.path().join(to);
            let ran = Command::new("ffmpeg")
                .args(["-v", "error", "-nostdin", "-y", "-i"])
                .arg(sample(from))
                .args(options.split_whitespace())
                .arg(&path)
                .stdin(Stdio::null())
                .status()
                .expect("these tests need the ffmpeg program: run the project's set-up first");
            assert!(ran.success(), "ffmpeg could not make {to}");
            std::fs::read(path).unwrap()
        };
        Self {
            document: make("genuine/document.jpg", "d.jpg", "-vf scale=480:-2 -q:v 4"),
            video: make(
                "genuine/video.mp4",
                "v.mp4",
                "-t 0.6 -vf scale=240:-2 -r 10 -c:v libx264 -pix_fmt yuv420p -an -movflags faststart",
            ),
        }
    }

    /// The project's own sample, as large as a phone makes it.
    pub(super) fn of_a_phone() -> Self {
        Self {
            document: crate::helpers::document(),
            video: crate::helpers::video(),
        }
    }

    /// The two as one form of `match-faces`.
    pub(super) fn form(&self) -> Form {
        Form::new()
            .part("image", file(&self.document, "image.jpg"))
            .part("video", file(&self.video, "video.mp4"))
    }
}

/// A form of one file.
pub(super) fn one_file(name: &'static str, bytes: &[u8]) -> Form {
    Form::new().part(name, file(bytes, "file"))
}

fn file(bytes: &[u8], name: &'static str) -> Part {
    Part::bytes(bytes.to_vec()).file_name(name)
}
