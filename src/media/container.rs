//! Which container a file is, by its first bytes, before any demuxer sees it.

/// How many bytes from the start of a file [`recognise`] wants to see.
pub(super) const HEAD: usize = 64;

/// The containers that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Mp4,
    Mov,
    Webm,
    Matroska,
    Avi,
}

impl Container {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Webm => "webm",
            Self::Matroska => "mkv",
            Self::Avi => "avi",
        }
    }
}

/// The container that the first bytes announce; `None` for text, pictures and everything else, so
/// that playlists and scripts never reach a demuxer that would follow them to other files.
pub(super) fn recognise(head: &[u8]) -> Option<Container> {
    if head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        let webm = head.windows(4).any(|word| word == b"webm");
        return Some(if webm {
            Container::Webm
        } else {
            Container::Matroska
        });
    }
    if head.starts_with(b"RIFF") && head.get(8..11) == Some(b"AVI") {
        return Some(Container::Avi);
    }
    match head.get(4..8)? {
        b"ftyp" => of_brand(head.get(8..12)?),
        b"styp" => Some(Container::Mp4),
        // QuickTime files from before brands existed begin with any of these.
        b"moov" | b"mdat" | b"free" | b"skip" | b"wide" => Some(Container::Mov),
        _ => None,
    }
}

/// The container by its major brand; the brands of still pictures are no video.
fn of_brand(brand: &[u8]) -> Option<Container> {
    match brand {
        b"qt  " => Some(Container::Mov),
        b"avif" | b"avis" | b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1"
        | b"msf1" | b"crx " => None,
        _ => Some(Container::Mp4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(
            recognise(b"\0\0\0\x20ftypisom\0\0\x02\0"),
            Some(Container::Mp4)
        );
        assert_eq!(
            recognise(b"\0\0\0\x14ftypqt  \0\0\x02\0"),
            Some(Container::Mov)
        );
        assert_eq!(recognise(b"RIFF\x10\0\0\0AVI LIST"), Some(Container::Avi));
        assert_eq!(
            recognise(b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm"),
            Some(Container::Webm)
        );
    }

    #[test]
    fn pictures_playlists_and_scraps_are_no_container() {
        for head in [
            &b"#EXTM3U\n#EXT-X-VERSION:3"[..],
            b"ffconcat version 1.0\nfile x.mp4",
            b"GIF89a\x01\0\x01\0",
            b"\xFF\xD8\xFF\xE0\0\x10JFIF",
            b"\0\0\0\x18ftypheic\0\0\0\0",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"RIFF",
            b"\0\0\0\x18ft",
            b"",
        ] {
            assert_eq!(recognise(head), None, "{head:?}");
        }
    }
}
