//! Bad input through the door: a clear 4xx in the dialect's shape, and nothing stored.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};

use crate::helpers::{TestApp, biometry_error, document, document_and_video, video};

fn form(image: Vec<u8>, clip: Vec<u8>) -> Form {
    Form::new()
        .part("image", Part::bytes(image).file_name("image.jpg"))
        .part("video", Part::bytes(clip).file_name("video.mp4"))
}

async fn refused(app: &TestApp, form: Form, status: StatusCode, word: &str) {
    let answer = app.match_faces(form).send().await.unwrap();
    let error = biometry_error(answer, status).await;
    assert!(error.contains(word), "{error:?} does not say {word:?}");
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn a_part_that_is_missing_is_named() {
    let app = TestApp::start().await;
    let image_only = Form::new().part("image", Part::bytes(document()));
    refused(
        &app,
        image_only,
        StatusCode::BAD_REQUEST,
        "'video' form file is required",
    )
    .await;
    let video_only = Form::new().part("video", Part::bytes(video()));
    refused(
        &app,
        video_only,
        StatusCode::BAD_REQUEST,
        "'image' form file is required",
    )
    .await;
}

#[actix_web::test]
async fn two_of_the_same_part_are_refused() {
    let app = TestApp::start().await;
    let twice = document_and_video().part("image", Part::bytes(document()));
    refused(
        &app,
        twice,
        StatusCode::BAD_REQUEST,
        "'image' came more than once",
    )
    .await;
}

#[actix_web::test]
async fn an_empty_file_is_refused() {
    let app = TestApp::start().await;
    refused(
        &app,
        form(Vec::new(), video()),
        StatusCode::BAD_REQUEST,
        "'image' is empty",
    )
    .await;
    refused(
        &app,
        form(document(), Vec::new()),
        StatusCode::BAD_REQUEST,
        "'video' is empty",
    )
    .await;
}

#[actix_web::test]
async fn text_renamed_mp4_is_no_video() {
    let app = TestApp::start().await;
    let text = b"this is not a video".repeat(100);
    refused(
        &app,
        form(document(), text.clone()),
        StatusCode::BAD_REQUEST,
        "the video: ",
    )
    .await;
    refused(
        &app,
        form(text, video()),
        StatusCode::BAD_REQUEST,
        "the document image: ",
    )
    .await;
}

#[actix_web::test]
async fn a_picture_is_no_video_and_a_video_is_no_picture() {
    let app = TestApp::start().await;
    refused(
        &app,
        form(document(), document()),
        StatusCode::BAD_REQUEST,
        "the video: ",
    )
    .await;
    refused(
        &app,
        form(video(), video()),
        StatusCode::BAD_REQUEST,
        "the document image: ",
    )
    .await;
}

#[actix_web::test]
async fn an_image_bomb_is_refused_by_its_header() {
    let app = TestApp::start().await;
    refused(
        &app,
        form(png_header(50_000, 50_000), video()),
        StatusCode::BAD_REQUEST,
        "pixels",
    )
    .await;
}

#[actix_web::test]
async fn a_truncated_jpeg_is_refused() {
    let app = TestApp::start().await;
    let whole = document();
    let half = whole[..whole.len() / 2].to_vec();
    refused(
        &app,
        form(half, video()),
        StatusCode::BAD_REQUEST,
        "the document image: ",
    )
    .await;
}

#[actix_web::test]
async fn an_mp4_cut_before_anything_decodes_is_refused() {
    let app = TestApp::start().await;
    refused(
        &app,
        form(document(), video()[..200].to_vec()),
        StatusCode::BAD_REQUEST,
        "the video: ",
    )
    .await;
}

#[actix_web::test]
async fn sound_alone_is_refused_with_its_own_reason() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.mp4");
    let made = Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "sine=duration=1",
            "-c:a",
            "aac",
        ])
        .arg(&file)
        .status()
        .expect("ffmpeg is installed by `make setup`");
    assert!(made.success());
    let sound = std::fs::read(file).unwrap();
    refused(
        &app,
        form(document(), sound),
        StatusCode::BAD_REQUEST,
        "only sound",
    )
    .await;
}

#[actix_web::test]
async fn an_upload_over_the_limit_is_cut_off() {
    let app = TestApp::start_with(|config| config.max_document_bytes = 10_000).await;
    let big = vec![0xFF; 20_000];
    refused(
        &app,
        form(big, video()),
        StatusCode::PAYLOAD_TOO_LARGE,
        "limit of 10000 bytes",
    )
    .await;
}

#[actix_web::test]
async fn a_body_that_declares_too_much_is_refused_before_it_is_sent() {
    let app = TestApp::start().await;
    let head = format!(
        "POST /api-gateway/match-faces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000000\r\n\r\n",
        app.token
    );
    let answer = raw(&app, head.into_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#"{"error":"#), "{answer}");
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn a_body_that_is_no_form_is_refused() {
    let app = TestApp::start().await;
    let json = app
        .post("/api-gateway/match-faces")
        .body("{}")
        .send()
        .await
        .unwrap();
    biometry_error(json, StatusCode::BAD_REQUEST).await;
    let broken = app
        .post("/api-gateway/match-faces")
        .header("content-type", "multipart/form-data; boundary=b")
        .body("--b\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\nabc")
        .send()
        .await
        .unwrap();
    biometry_error(broken, StatusCode::BAD_REQUEST).await;
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn an_unknown_session_is_not_found() {
    let app = TestApp::start().await;
    for id in ["sess_01890a5d-ac96-774b-bcce-b302099a8057", "nonsense"] {
        let answer = app
            .match_faces(document_and_video())
            .header("X-Session-ID", id)
            .send()
            .await
            .unwrap();
        biometry_error(answer, StatusCode::NOT_FOUND).await;
    }
    app.assert_nothing_stored().await;
}

#[actix_web::test]
async fn a_control_character_in_a_name_is_refused() {
    let app = TestApp::start().await;
    for name in ["Jo\thn", "Jo\u{9}hn", "Jo\u{85}hn"] {
        let answer = app
            .match_faces(document_and_video())
            .header("X-User-Fullname", name.as_bytes())
            .send()
            .await
            .unwrap();
        let error = biometry_error(answer, StatusCode::BAD_REQUEST).await;
        assert!(error.contains("X-User-Fullname"), "{error}");
    }
    app.assert_nothing_stored().await;
    // Below the reach of any handler: the parser of HTTP itself refuses these.
    for byte in [0x01_u8, 0x1b, 0x7f] {
        let mut head =
            b"POST /api-gateway/sessions/start HTTP/1.1\r\nHost: x\r\nX-User-Fullname: a".to_vec();
        head.push(byte);
        head.extend_from_slice(b"b\r\nContent-Length: 0\r\n\r\n");
        let answer = raw(&app, head).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

#[actix_web::test]
async fn a_name_may_be_latin1_as_browsers_send_it() {
    let app = TestApp::start().await;
    for (bytes, name) in [(&b"Jos\xe9"[..], "José"), ("Łukasz".as_bytes(), "Łukasz")] {
        let answer = app
            .post("/api-gateway/sessions/start")
            .header("X-User-Fullname", bytes)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(app.sessions().await[0]["subject_name"], name);
    }
}

#[actix_web::test]
async fn parts_come_in_any_order_with_any_content_type() {
    let app = TestApp::start().await;
    let video_first = Form::new()
        .part("unknown", Part::text("left alone"))
        .part(
            "video",
            Part::bytes(video())
                .mime_str("application/octet-stream")
                .unwrap(),
        )
        .part(
            "image",
            Part::bytes(document()).mime_str("text/plain").unwrap(),
        );
    let answer = app.match_faces(video_first).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    // Without a content type or a file name.
    let mut form = Vec::new();
    for (name, bytes) in [("video", video()), ("image", document())] {
        form.extend_from_slice(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
        );
        form.extend_from_slice(&bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--b--\r\n");
    let answer = app
        .post("/api-gateway/match-faces")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

/// Says these bytes to the service and reads what it answers.
async fn raw(app: &TestApp, bytes: Vec<u8>) -> String {
    let address = app.address;
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        let mut chunk = [0; 1024];
        while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") || answer.len() < 100 {
            let read = stream.read(&mut chunk).unwrap();
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&chunk[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

/// The first bytes of a PNG of that size; the pixels never come.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend_from_slice(&width.to_be_bytes());
    chunk.extend_from_slice(&height.to_be_bytes());
    chunk.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend_from_slice(&chunk);
    png.extend_from_slice(&crc32(&chunk).to_be_bytes());
    png.extend_from_slice(&[0; 64]);
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
