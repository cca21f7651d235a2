//! What makes a request this one: its method, its address and its body, but not the boundary that a client drew anew.

use memchr::memmem;
use sha2::{Digest, Sha256};

/// What stands in the place of a form's boundary.
const STAND_IN: &[u8] = b"\0boundary\0";

/// A hash that takes the body as it comes.
pub struct Fingerprint {
    hash: Sha256,
    boundary: Vec<u8>,
    /// The end of what came, which may be the beginning of a boundary.
    tail: Vec<u8>,
}

impl Fingerprint {
    /// Begins with the request's method and address; of its content type only the boundary is looked at.
    pub fn new(method: &str, path: &str, query: &str, content_type: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        for part in [method, path, query] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self {
            hash,
            boundary: content_type.and_then(boundary).unwrap_or_default(),
            tail: Vec::new(),
        }
    }

    /// Takes something beside the body that makes it this request; before the body.
    pub fn part(&mut self, part: &[u8]) {
        self.hash.update((part.len() as u64).to_be_bytes());
        self.hash.update(part);
    }

    pub fn update(&mut self, chunk: &[u8]) {
        if self.boundary.is_empty() {
            self.hash.update(chunk);
            return;
        }
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend_from_slice(chunk);
        let mut rest = bytes.as_slice();
        while let Some(at) = memmem::find(rest, &self.boundary) {
            let (before, found) = rest.split_at(at);
            self.hash.update(before);
            self.hash.update(STAND_IN);
            rest = found.get(self.boundary.len()..).unwrap_or_default();
        }
        let done = rest.len().saturating_sub(self.boundary.len() - 1);
        let (done, open) = rest.split_at(done);
        self.hash.update(done);
        self.tail = open.to_vec();
    }

    pub fn finish(mut self) -> [u8; 32] {
        self.hash.update(&self.tail);
        self.hash.finalize().into()
    }
}

/// The boundary of a form's content type, with the two dashes that it has in the body.
fn boundary(content_type: &str) -> Option<Vec<u8>> {
    let mut parts = content_type.split(';');
    let form = parts.next()?.trim().to_ascii_lowercase();
    if !form.starts_with("multipart/") {
        return None;
    }
    let named = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    });
    named.map(|boundary| format!("--{boundary}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str =
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nsome -- dashes --\r\n--B--\r\n";

    fn of(body: &[u8], boundary: &str, pieces: usize) -> [u8; 32] {
        let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
        let mut print = Fingerprint::new("POST", "/a", "", Some(&content_type));
        for chunk in body.chunks(pieces) {
            print.update(chunk);
        }
        print.finish()
    }

    #[test]
    fn another_boundary_is_the_same_form_however_it_is_cut() {
        let reference = of(FORM.replace("--B", "--first").as_bytes(), "first", 1000);
        for boundary in ["first", "s", "a-much-longer-boundary-than-that"] {
            let body = FORM.replace("--B", &format!("--{boundary}"));
            for pieces in 1..body.len() {
                let print = of(body.as_bytes(), boundary, pieces);
                assert_eq!(print, reference, "{boundary} in pieces of {pieces}");
            }
        }
    }

    #[test]
    fn anything_else_is_another_request() {
        let print = |method, path, query, body: &[u8]| {
            let mut print = Fingerprint::new(method, path, query, Some("application/json"));
            print.update(body);
            print.finish()
        };
        let all = [
            print("POST", "/a", "", b"{}"),
            print("PUT", "/a", "", b"{}"),
            print("POST", "/b", "", b"{}"),
            print("POST", "/a", "b", b"{}"),
            print("POST", "/ab", "", b"{}"),
            print("POST", "/a", "", b"{ }"),
            of(FORM.as_bytes(), "B", 9),
            of(FORM.replace("some", "other").as_bytes(), "B", 9),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
