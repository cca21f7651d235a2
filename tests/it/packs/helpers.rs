//! A folder for a test's packs, a server of one's own, a progress that remembers its lines.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use likeness::packs::cache::Cache;
use likeness::packs::hash::sha256;
use likeness::packs::manifest::{
    Channels, Format, Input, Manifest, ModelFile, Network, Pack, PackKind, Package, Source,
};
use likeness::packs::progress::Progress;
use tempfile::TempDir;

/// A cache and a folder beside it, both gone after the test.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) cache: Cache,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("cache"));
        Self { dir, cache }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The names of everything in the cache, temporary files included.
    pub(crate) fn cached(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.cache.dir()) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Remembers every line.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Progress for Lines {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn start(&self, _: &str, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn terminal(&self) -> bool {
        false
    }
}

pub(crate) fn file(name: &str, content: &[u8], sources: Vec<Source>) -> ModelFile {
    ModelFile {
        name: name.to_owned(),
        sha256: sha256(content),
        bytes: content.len() as u64,
        licence: "CC0-1.0".to_owned(),
        format: Format::Dlib,
        sources,
    }
}

pub(crate) fn url(url: &str) -> Source {
    Source::Url {
        url: url.to_owned(),
    }
}

pub(crate) fn package(archive: &str, content: &[u8], member: &str) -> Source {
    Source::Package(Package {
        name: "some-weights".to_owned(),
        version: "1.0".to_owned(),
        archive: archive.to_owned(),
        archive_sha256: sha256(content),
        member: member.to_owned(),
    })
}

pub(crate) fn pack(name: &str, kind: PackKind, files: Vec<ModelFile>) -> Pack {
    Pack {
        name: name.to_owned(),
        kind,
        network: Network::DlibResnet,
        description: "made for a test".to_owned(),
        input: Input {
            width: 1,
            height: 1,
            channels: Channels::Rgb,
            mean: [0.0; 3],
            scale: 1.0,
        },
        files,
        calibration: None,
        accuracy: Vec::new(),
    }
}

/// A manifest of one pack with one file; enough where that pack is asked for by name.
pub(crate) fn only(file: ModelFile) -> Manifest {
    Manifest {
        packs: vec![pack("only", PackKind::Embedder, vec![file])],
    }
}

/// Serves one response, as it stands, to the first who asks; gives the address.
pub(crate) fn serve(response: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        // A client that has seen enough may hang up in the middle.
        let _ = stream.write_all(&response);
    });
    format!("http://{address}/weights")
}

/// A response with that body and its length.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}

/// An address where nobody listens.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/weights", listener.local_addr().unwrap())
}

fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        request.push(byte[0]);
    }
}
