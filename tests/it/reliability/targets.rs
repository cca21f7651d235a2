//! What is fed with hostile bytes, a function each: the tests call them with seeds and small changes of them, the
//! programs in `fuzz/` with whatever the fuzzer makes up. Whatever comes in, none of them may panic or hang.

use std::io::Write as _;
use std::ops::ControlFlow;

use actix_web::FromRequest as _;
use actix_web::test::TestRequest;
use actix_web::web::Payload;
use likeness::http::base64_picture;
use likeness::http::dialects::biometry::wire as biometry;
use likeness::http::dialects::native::decisions::NewDecisionBody;
use likeness::http::dialects::native::wire as native;
use likeness::http::dialects::opencv_fr::cloud_fields::CloudBody;
use likeness::http::dialects::opencv_fr::onprem_fields;
use likeness::http::dialects::risetai::token::Credentials;
use likeness::http::json_body::JsonBody;
use likeness::http::settings::HttpSettings;
use likeness::http::upload::{self, Part};
use likeness::media::limits::MediaLimits;
use likeness::media::probe;
use likeness::media::sampling::{SampleOrder, sample};
use likeness::notify::guard::Guard;
use likeness::packs::convert::tensor::NamedTensor;
use likeness::packs::convert::{dlib_dat, openvino_bin, safetensors, tflite, torch_legacy};
use likeness::sandbox::protocol::{Limits, read_message};
use likeness::scoring::expression::Expression;
use likeness::scoring::rules::{Check, Rules};
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::judge;
use likeness::vision::picture::{Picture, PictureLimits};
use serde::de::DeserializeOwned;

/// Something that reads bytes of unknown origin.
pub(crate) type Target = fn(&[u8]);

/// Every target by the name of its program and of the folder of its seeds.
pub(crate) const TARGETS: [(&str, Target); 12] = [
    ("weights_torch", weights_torch),
    ("weights_dlib", weights_dlib),
    ("weights_tflite", weights_tflite),
    ("weights_openvino", weights_openvino),
    ("picture", picture),
    ("multipart", multipart),
    ("json", json),
    ("rules", rules),
    ("expression", expression),
    ("address", address),
    ("frames", frames),
    ("media", media),
];

pub(crate) fn weights_torch(bytes: &[u8]) {
    kept(torch_legacy::read(bytes).ok());
}

pub(crate) fn weights_dlib(bytes: &[u8]) {
    kept(dlib_dat::read(bytes).ok());
}

pub(crate) fn weights_tflite(bytes: &[u8]) {
    kept(tflite::read(bytes).ok());
}

/// The file is offsets alone: what is short is repeated to its length, so that its numbers are read.
pub(crate) fn weights_openvino(bytes: &[u8]) {
    kept(openvino_bin::read(bytes).ok());
    let last = openvino_bin::layout().pop();
    let whole = last.map_or(0, |last| last.offset + last.bytes());
    if !bytes.is_empty() {
        let repeated: Vec<u8> = bytes.iter().copied().cycle().take(whole).collect();
        kept(openvino_bin::read(&repeated).ok());
    }
}

/// What was read is written in the one format that weights are kept in, and read back.
fn kept(tensors: Option<Vec<NamedTensor>>) {
    let Some(tensors) = tensors else { return };
    if let Ok(written) = safetensors::write(&tensors, "{}") {
        let read = ::safetensors::SafeTensors::deserialize(&written);
        assert_eq!(read.map(|read| read.len()).ok(), Some(tensors.len()));
    }
}

pub(crate) fn picture(bytes: &[u8]) {
    let limits = PictureLimits {
        max_pixels: 1_000_000,
    };
    let _ = Picture::media_type(bytes);
    if let Ok(picture) = Picture::decode(bytes, &limits) {
        let pixels = u64::from(picture.width()) * u64::from(picture.height());
        assert!(pixels <= limits.max_pixels);
        assert_eq!(picture.rgb().len() as u64, pixels * 3);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(decoded) = base64_picture::decode(text, 1_000)
    {
        assert!(decoded.len() <= 1_000);
    }
}

/// A form whose parts are parted by `b`. What was written to disk is gone with it.
pub(crate) fn multipart(bytes: &[u8]) {
    let parts = [
        Part::File {
            name: "image",
            max_bytes: 1_000,
        },
        Part::Text { name: "phrase" },
    ];
    let scratch = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let (request, mut payload) = TestRequest::post()
            .insert_header(("content-type", "multipart/form-data; boundary=b"))
            .set_payload(bytes.to_vec())
            .to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await;
        let payload = payload.expect("a payload is always taken");
        if let Ok(mut form) = upload::receive(&request, payload, &parts, scratch.path()).await {
            if let Ok(file) = form.file("image") {
                assert!(file.bytes > 0 && file.bytes <= 1_000);
            }
            let _ = form.text("phrase");
        }
    });
    let left = std::fs::read_dir(scratch.path()).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a file was left on the way");
}

/// The bodies of every dialect: those with types of their own, and those that are asked key by key.
pub(crate) fn json(bytes: &[u8]) {
    typed::<native::NewSessionBody>(bytes);
    typed::<native::ConsentBody>(bytes);
    typed::<NewDecisionBody>(bytes);
    typed::<biometry::ConsentBody>(bytes);
    typed::<Credentials>(bytes);
    let Ok(body) = JsonBody::parse(bytes) else {
        return;
    };
    let settings = HttpSettings {
        max_picture_bytes: 1_000,
        ..settings()
    };
    // FREMIS, ARGOS and RisetAI read their bodies so.
    for key in [
        "image",
        "image_a",
        "originFace",
        "user_id",
        "face_a",
        "trx_id",
        "threshold",
    ] {
        let _ = (body.text(key), body.label(key), body.labels(key));
        let _ = (body.number(key), body.count(key), body.flag(key));
        let _ = (body.numbers(key), body.texts(key), body.list(key));
        if let Ok(Some(inner)) = body.object(key) {
            let _ = (inner.text("content"), inner.numbers("embedding"));
        }
        if let Ok(Some(text)) = body.text(key) {
            let _ = base64_picture::decode(text, settings.max_picture_bytes);
        }
    }
    let _ = onprem_fields::required(&body, "person_id").is_ok();
    let _ = onprem_fields::identifier(&body, "person_id").is_ok();
    let _ = onprem_fields::picture(&body, "face_base_64", &settings).is_ok();
    let _ = onprem_fields::similarity(&body, "min_score").is_ok();
    let _ = onprem_fields::keeping(&body).is_ok();
    let _ = onprem_fields::collection_name(&body).is_ok();
    let fields = CloudBody::of(body);
    let _ = fields.text("name", 10).is_ok();
    let _ = fields.one_of("search_mode", &["FAST"]).is_ok();
    let _ = (fields.mode("search_mode").is_ok(), fields.device().is_ok());
    let _ = fields.count("max_results", 10, 100).is_ok();
    let _ = fields.score("min_score", 0.7).is_ok();
    let _ = fields.searched().is_ok();
    let _ = fields.pictures("images", &settings).is_ok();
}

fn typed<T: DeserializeOwned>(bytes: &[u8]) {
    let _ = serde_json::from_slice::<T>(bytes).is_ok();
}

fn settings() -> HttpSettings {
    HttpSettings {
        max_document_bytes: 1_000,
        max_video_bytes: 1_000,
        max_picture_bytes: 1_000,
        max_json_bytes: 100_000,
        max_wait: std::time::Duration::ZERO,
        max_receive: std::time::Duration::from_mins(2),
        by_tls: false,
        trusted_proxies: likeness::http::address::TrustedProxies::default(),
    }
}

/// A rule file; one that is taken judges.
pub(crate) fn rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(rules) = Rules::parse(text) {
        for signals in [Signals::default(), some_signals()] {
            let verdict = judge(&rules, &signals, &Check::ALL);
            assert!(!verdict.outcome.name().is_empty());
        }
    }
}

fn some_signals() -> Signals {
    Signals {
        percentages: vec![12.5, 90.0, f64::NAN],
        frames_asked: 8,
        sharpness: Some(f64::INFINITY),
        ..Signals::default()
    }
}

pub(crate) fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(expression) = Expression::parse(text) {
        let _ = expression.readings();
        let condition = serde_json::json!({
            "name": "fuzzed",
            "facematch_conditions": [{ "name": "one", "expression": text, "pass": [[0, 1]], "refer": [] }],
        });
        rules(condition.to_string().as_bytes());
    }
}

/// An address that a caller wants results posted to. It is read, and nobody is asked.
pub(crate) fn address(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let guard = Guard::allowing("");
        if let Ok(url) = guard.read(text) {
            assert!(matches!(url.scheme(), "http" | "https"));
        }
    }
}

/// What a decoding process says to the service, of which nothing is believed.
pub(crate) fn frames(bytes: &[u8]) {
    let limits = Limits { max_pixels: 10_000 };
    let mut source = bytes;
    // One message after the other, as they come over the line.
    while !source.is_empty() {
        if read_message(&mut source, &limits).is_err() {
            break;
        }
    }
}

/// A video from its first look to its pictures.
pub(crate) fn media(bytes: &[u8]) {
    let limits = MediaLimits {
        max_bytes: 1_000_000,
        max_duration_ms: 10_000,
        max_pixels: 320 * 240,
        max_streams: 4,
    };
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("the bytes are written");
    if probe::check(file.path(), &limits).is_ok() {
        let order = SampleOrder {
            windows: 2,
            threads: 1,
        };
        let _ = sample(file.path(), &limits, order, &mut |window| {
            for frame in &window.candidates {
                let pixels = u64::from(frame.width) * u64::from(frame.height);
                assert!(pixels <= limits.max_pixels);
                assert_eq!(frame.rgb.len() as u64, pixels * 3);
            }
            ControlFlow::Continue(())
        });
    }
}
