//! Does a JPEG end where it should? Decoders fill the missing half of a cut one with grey and call it a picture.

/// Walks the file's segments from the first marker to the end-of-image marker. A thumbnail inside a
/// segment has an end of its own, which is why looking for any end marker is not enough; what
/// cameras append behind the end does not matter.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    let mut at = 2;
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else {
            return false;
        };
        match marker {
            END => return true,
            // Restart markers and the start stand alone.
            0x01 | 0xD0..=0xD8 => {}
            SCAN => {
                if !skip_segment(bytes, &mut at) {
                    return false;
                }
                skip_scan(bytes, &mut at);
            }
            _ => {
                if !skip_segment(bytes, &mut at) {
                    return false;
                }
            }
        }
    }
}

/// Steps over fill bytes to behind the next marker.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if byte != 0xFF {
            continue;
        }
        while *bytes.get(*at)? == 0xFF {
            *at += 1;
        }
        let marker = bytes[*at];
        *at += 1;
        if marker != 0 {
            return Some(marker);
        }
    }
}

fn skip_segment(bytes: &[u8], at: &mut usize) -> bool {
    let Some(&[high, low]) = bytes.get(*at..*at + 2) else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    *at += length.max(2);
    *at <= bytes.len()
}

/// Steps over coded pixels to the next marker that is no part of them.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while *at + 1 < bytes.len() {
        let ends = bytes[*at] == 0xFF && !matches!(bytes[*at + 1], 0 | 0xFF | 0xD0..=0xD7);
        if ends {
            return;
        }
        *at += 1;
    }
    *at = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, a segment that holds a whole thumbnail, a scan with a stuffed byte and a restart, end.
    const WHOLE: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 7, 1, 0xFF, 0, 2,
        0xFF, 0xD3, 3, 0xFF, 0xD9,
    ];

    #[test]
    fn a_whole_file_ends_and_no_shorter_one_does() {
        assert!(is_whole(WHOLE));
        for length in 0..WHOLE.len() {
            assert!(!is_whole(&WHOLE[..length]), "cut to {length}");
        }
    }

    #[test]
    fn what_is_appended_does_not_matter() {
        let mut padded = WHOLE.to_vec();
        padded.extend_from_slice(&[0; 9]);
        assert!(is_whole(&padded));
    }
}
