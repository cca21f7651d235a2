//! Which pictures are kept of an examination for whoever reviews it, and the names they go by.

use std::fmt;
use std::str::FromStr;

/// One of the pictures of an examination. Frames have the numbers of the timeline's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PictureKind {
    /// The whole document, upright.
    Document,
    /// The document's face, turned and scaled so that its eyes lie where those of every other
    /// aligned face do.
    Portrait,
    /// A whole sampled frame, with or without a face.
    Frame(u32),
    /// A frame's face, aligned as the portrait is.
    AlignedFace(u32),
    /// A frame's face with a little around it, small.
    Thumbnail(u32),
}

/// A text names no picture of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a picture of an examination")]
pub struct InvalidPicture;

impl fmt::Display for PictureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("document"),
            Self::Portrait => f.write_str("portrait"),
            Self::Frame(frame) => write!(f, "frame-{frame}"),
            Self::AlignedFace(frame) => write!(f, "face-{frame}"),
            Self::Thumbnail(frame) => write!(f, "thumbnail-{frame}"),
        }
    }
}

impl FromStr for PictureKind {
    type Err = InvalidPicture;

    /// Every picture has one name: `frame-03` and `frame-+3` are none.
    fn from_str(text: &str) -> Result<Self, InvalidPicture> {
        let kind = match text.split_once('-') {
            None if text == "document" => Self::Document,
            None if text == "portrait" => Self::Portrait,
            Some(("frame", number)) => Self::Frame(read(number)?),
            Some(("face", number)) => Self::AlignedFace(read(number)?),
            Some(("thumbnail", number)) => Self::Thumbnail(read(number)?),
            None | Some(_) => return Err(InvalidPicture),
        };
        if kind.to_string() == text {
            Ok(kind)
        } else {
            Err(InvalidPicture)
        }
    }
}

fn read(number: &str) -> Result<u32, InvalidPicture> {
    number.parse().map_err(|_| InvalidPicture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_back_from_its_name() {
        for (kind, name) in [
            (PictureKind::Document, "document"),
            (PictureKind::Portrait, "portrait"),
            (PictureKind::Frame(0), "frame-0"),
            (PictureKind::AlignedFace(3), "face-3"),
            (PictureKind::Thumbnail(u32::MAX), "thumbnail-4294967295"),
        ] {
            assert_eq!(kind.to_string(), name);
            assert_eq!(name.parse(), Ok(kind));
        }
    }

    #[test]
    fn nothing_else_is_a_picture() {
        for odd in [
            "",
            "Document",
            "document-1",
            "portrait ",
            "frame",
            "frame-",
            "frame-03",
            "frame-+3",
            "frame--3",
            "frame-3-3",
            "frame-3.jpg",
            "face-4294967296",
            "../document",
        ] {
            assert_eq!(odd.parse::<PictureKind>(), Err(InvalidPicture), "{odd:?}");
        }
    }
}
