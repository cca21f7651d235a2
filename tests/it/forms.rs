//! The same pairs of pictures through every form that takes two: one similarity, whatever the dialect.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use likeness::app::{App, Instruments, SystemClock};
use likeness::config::Config;
use likeness::operations::manage_tokens::NewToken;
use likeness::session::actor::Actor;
use likeness::session::project::{MaskPolicy, Scope};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::faces::base64;
use crate::helpers::{body, decoder, sample};
use crate::weights;

/// What the forms may differ by, in percent: they look at the same pixels with the same networks.
const SAME: f64 = 1e-6;

/// A video is decoded to other pixels than a picture, and cut to a face by another search.
const THROUGH_VIDEO: f64 = 3.0;

/// Stills of the samples: file, and the second for a still of a video.
const PICTURES: [(&str, Option<&str>); 7] = [
    ("genuine/document.jpg", None),
    ("another-card/document.jpg", None),
    ("genuine/video.mp4", Some("0.2")),
    ("genuine/video.mp4", Some("2.5")),
    ("impostor/video.mp4", Some("0.2")),
    ("impostor/video.mp4", Some("2.5")),
    ("webm/video.webm", Some("1.0")),
];

/// Small enough to be quick, large enough for faces of 50 pixels on the cards; even sides, as the
/// encoder of the clips asks.
const SMALL: &str = "scale=w=640:h=-2";

/// Pairs of the seven that are compared: all but the last.
const PAIRS: usize = 20;

struct Service {
    address: String,
    token: String,
    client: Client,
}

impl Service {
    async fn ask(&self, request: RequestBuilder) -> Value {
        body(request.send().await.unwrap()).await
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.address));
        request
            .bearer_auth(&self.token)
            .header("x-api-key", &self.token)
            .header("Accesstoken", &self.token)
    }

    /// 0–100 by every form with a number, by its name.
    async fn numbers(&self, a: &str, b: &str) -> Vec<(&'static str, f64)> {
        let fremis = json!({ "image_a": { "content": a }, "image_b": { "content": b } });
        let fremis = self.ask(self.post("/v1/face/match").json(&fremis)).await;
        let second = json!({ "face_a": { "image": a }, "face_b": { "image": b } });
        let second = self.ask(self.post("/v2/face/match").json(&second)).await;
        let risetai = json!({ "source_image": a, "target_image": b, "trx_id": "pair" });
        let flat = self
            .ask(self.post("/face-api/compare-images").json(&risetai))
            .await;
        let wrapped = "/risetai/face-api/compare-images";
        let wrapped = self.ask(self.post(wrapped).json(&risetai)).await;
        let cloud = json!({ "gallery": [b], "probe": [a], "search_mode": "ACCURATE" });
        let cloud = self.ask(self.post("/compare").json(&cloud)).await;
        let argos = json!({ "originFace": a, "targetFace": b });
        let argos = self.ask(self.post("/modules/compare").json(&argos)).await;
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value}"));
        vec![
            (
                "FREMIS v1",
                number(&fremis["face_match"]["similarity"]) * 100.0,
            ),
            ("FREMIS v2", number(&second["similarity"]) * 100.0),
            ("RisetAI", number(&flat["similarity"]) * 100.0),
            ("NEO", number(&wrapped["risetai"]["similarity"]) * 100.0),
            ("OpenCV FR cloud", number(&cloud["score"]) * 100.0),
            ("ARGOS", number(&argos["result"]["faceMatch"]["similarity"])),
        ]
    }

    async fn on_prem(&self, a: &str, b: &str) -> bool {
        let asked = json!({ "face_base_64": a, "ref_face_base_64": b, "check_liveness": false, "min_similarity_score": 0.7 });
        let answer = self.ask(self.post("/compare").json(&asked)).await;
        answer["is_match"]
            .as_bool()
            .unwrap_or_else(|| panic!("{answer}"))
    }

    async fn biometry(&self, document: &Path, clip: &Path) -> f64 {
        let file = |path: &Path| Part::bytes(std::fs::read(path).unwrap());
        let form = Form::new()
            .part("image", file(document))
            .part("video", file(clip));
        let answer = self.post("/api-gateway/match-faces").multipart(form);
        let answer = self.ask(answer).await;
        answer["data"]["score"]
            .as_f64()
            .unwrap_or_else(|| panic!("{answer}"))
    }
}

#[actix_web::test]
async fn the_same_pairs_have_the_same_similarity_in_every_dialect() {
    let name = "forms::the_same_pairs_have_the_same_similarity_in_every_dialect";
    if !weights::are_here(name) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (pictures, clips) = make_pictures(folder.path());
    let texts: Vec<String> = pictures
        .iter()
        .map(|path| base64(&std::fs::read(path).unwrap()))
        .collect();
    let (service, running) = serve(folder.path()).await;
    let pairs = (0..texts.len()).flat_map(|a| (a + 1..texts.len()).map(move |b| (a, b)));
    let mut compared = 0;
    let mut matched = 0;
    for (a, b) in pairs.take(PAIRS) {
        let numbers = service.numbers(&texts[a], &texts[b]).await;
        let first = numbers[0].1;
        for (form, number) in &numbers {
            assert!((number - first).abs() < SAME, "{a} {b} {form}: {numbers:?}");
        }
        assert_eq!(service.on_prem(&texts[a], &texts[b]).await, first >= 70.0);
        let through_video = service.biometry(&pictures[a], &clips[b]).await;
        assert!(
            (through_video - first).abs() < THROUGH_VIDEO,
            "{a} {b}: {through_video} through a clip, {first} as pictures"
        );
        compared += 1;
        matched += usize::from(first >= 80.0);
    }
    assert_eq!(compared, PAIRS);
    assert!(
        matched > 0 && matched < PAIRS,
        "some are one person's and some are not, not {matched}"
    );
    running.abort();
}

/// Each picture, and a clip of one frame of each.
fn make_pictures(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut pictures = Vec::new();
    let mut clips = Vec::new();
    for (number, (file, at)) in PICTURES.iter().enumerate() {
        let picture = folder.join(format!("{number}.png"));
        let source = sample(file);
        let source = source.to_str().unwrap();
        match at {
            Some(at) => ffmpeg(
                &["-ss", at, "-i", source, "-frames:v", "1", "-vf", SMALL],
                &picture,
            ),
            None => ffmpeg(&["-i", source, "-vf", SMALL], &picture),
        }
        let clip = folder.join(format!("{number}.mp4"));
        let picture_text = picture.to_str().unwrap().to_owned();
        // Full colour and no loss.
        let options = ["-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv444p"];
        ffmpeg(&[&["-i", &picture_text][..], &options].concat(), &clip);
        pictures.push(picture);
        clips.push(clip);
    }
    (pictures, clips)
}

fn ffmpeg(arguments: &[&str], target: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .arg(target)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

async fn serve(folder: &Path) -> (Service, tokio::task::JoinHandle<()>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.join("data"),
        models: root.join("models"),
        max_wait_seconds: 300,
        decoder: decoder(),
        ..Config::default()
    };
    let app = App::build(&config, Arc::new(SystemClock), Instruments::Packs)
        .await
        .unwrap();
    let operations = app.operations().clone();
    let token = operations
        .create_token(NewToken {
            project: "pairs".to_owned(),
            scopes: vec![Scope::Submit, Scope::Read, Scope::Enrol],
            label: String::new(),
            lifetime_ms: None,
            parent: None,
            officer: None,
            by: Actor::Operator,
        })
        .await
        .unwrap();
    let mut settings = operations.find_project("pairs").await.unwrap().settings;
    settings.masks = MaskPolicy::NotExamined;
    settings.frames = 1;
    operations.set_project("pairs", settings).await.unwrap();
    let address = format!("http://{}", app.address());
    let warm = operations.clone();
    let running = tokio::spawn(async move { app.run().await.unwrap() });
    assert!(warm.models_are_warm().await);
    let client = crate::helpers::client().build().unwrap();
    let service = Service {
        address,
        token: token.reveal().to_owned(),
        client,
    };
    (service, running)
}
