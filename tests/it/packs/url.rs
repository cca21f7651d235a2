//! Files from an address: what arrives whole and right is kept, everything else is refused and named.

use likeness::packs::cache::FileState;
use likeness::packs::error::PackError;
use likeness::packs::pull::{PullOptions, pull};

use crate::packs::helpers::{Lines, Place, file, nowhere, ok, only, serve, url};

const CONTENT: &[u8] = b"the weights of a network";

/// Pulls CONTENT from an address; what comes of it, and the lines that were said.
fn pulled(place: &Place, address: &str) -> (Result<(), PackError>, Vec<String>) {
    let manifest = only(file("net", CONTENT, vec![url(address)]));
    let lines = Lines::default();
    let options = PullOptions {
        packs: vec!["only".to_owned()],
        ..PullOptions::default()
    };
    let result = pull(&manifest, &place.cache, &options, &lines).map(|_| ());
    (result, lines.taken())
}

/// Pulls what cannot be accepted: the cache stays empty, the error is one line.
fn refused(response: Vec<u8>) -> (String, Vec<String>) {
    let place = Place::new();
    let address = serve(response);
    let (result, lines) = pulled(&place, &address);
    let error = result.unwrap_err().to_string();
    assert_eq!(place.cached(), [""; 0]);
    assert!(!error.contains('\n'), "{error}");
    assert!(error.contains("net") && error.contains(&address), "{error}");
    (error, lines)
}

#[test]
fn a_good_file_is_put_in_its_place() {
    let place = Place::new();
    let (result, _) = pulled(&place, &serve(ok(CONTENT)));
    result.unwrap();
    assert_eq!(place.cached(), ["net.dat"]);
    let file = file("net", CONTENT, vec![]);
    assert_eq!(place.cache.state(&file).unwrap(), FileState::Right);
}

#[test]
fn another_content_is_refused_and_named() {
    let mut other = CONTENT.to_vec();
    other[3] ^= 1;
    let (error, lines) = refused(ok(&other));
    assert!(error.contains("sha256"), "{error}");
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert!(line.contains("net") && line.contains("refused"), "{line}");
}

#[test]
fn a_body_that_breaks_off_is_not_kept() {
    let mut response = ok(CONTENT);
    response.truncate(response.len() - 5);
    let (error, _) = refused(response);
    assert!(error.contains("broke off"), "{error}");
}

#[test]
fn a_body_of_no_stated_length_is_read_no_further_than_needed() {
    let mut response = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    response.extend(CONTENT);
    response.extend(vec![0; 1 << 20]);
    let (error, _) = refused(response);
    assert!(error.contains("longer than 24 bytes"), "{error}");
}

#[test]
fn a_body_that_ends_early_without_saying_so_is_refused() {
    let mut response = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    response.extend(&CONTENT[..10]);
    let (error, _) = refused(response);
    assert!(error.contains("ends after 10 of 24 bytes"), "{error}");
}

#[test]
fn a_wrong_stated_length_is_refused_at_once() {
    let (error, _) = refused(ok(&[CONTENT, b"!"].concat()));
    assert!(error.contains("it has 25 bytes, not 24"), "{error}");
}

#[test]
fn a_missing_page_is_a_reason() {
    let (error, lines) = refused(
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    );
    assert!(error.contains("404"), "{error}");
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn an_address_where_nobody_listens_is_a_reason() {
    let place = Place::new();
    let address = nowhere();
    let error = pulled(&place, &address).0.unwrap_err().to_string();
    assert!(error.contains(&address), "{error}");
    assert!(error.contains("--mirror"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}
