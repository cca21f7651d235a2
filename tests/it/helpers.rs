//! `TestApp`: the real service on a free port with its own folder, and an examiner that a test tells what to see.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use likeness::app::{App, Ended, Instruments};
use likeness::config::Config;
use likeness::operations::Operations;
use likeness::operations::clock::Clock;
use likeness::operations::manage_tokens::NewToken;
use likeness::pipeline::examiner::{
    ExaminationInput, ExamineError, Examined, Examiner, KeptPicture, LookOrder, Looked, ModelFacts,
    Spent,
};
use likeness::pipeline::liveness::challenge;
use likeness::scoring::signals::Signals;
use likeness::scratch::LOCK;
use likeness::session::actor::Actor;
use likeness::session::challenge::{Action, ChallengeOrder, StepFinding};
use likeness::session::defect::Defect;
use likeness::session::examination::{
    CaptureCode, DocumentFinding, Examination, FaceBox, FaceFinding, FrameFinding, HeadPose,
    PackHash, VideoFinding,
};
use likeness::session::picture::PictureKind;
use likeness::session::project::{ProjectSettings, Scope};
use likeness::session::time::Timestamp;
use likeness::vision::error::VisionError;
use likeness::vision::picture::Picture;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, Statement};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ground::Ground;

/// A clock that stands until it is turned.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// What the examiner of a test sees.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// One entry a frame; `None` is a frame without a face.
    pub(crate) percentages: Vec<Option<f64>>,
    pub(crate) document: CaptureCode,
    pub(crate) video: CaptureCode,
    /// How live single frames look, where anything tells it.
    pub(crate) live: Option<f64>,
    /// The networks break down.
    pub(crate) fault: bool,
}

impl Scene {
    pub(crate) fn of(percentages: &[f64]) -> Self {
        Self {
            percentages: percentages.iter().copied().map(Some).collect(),
            document: CaptureCode::Ok,
            video: CaptureCode::Ok,
            live: None,
            fault: false,
        }
    }
}

/// Sees what it is told; can be held back, so that a test decides when an examination ends.
pub(crate) struct FakeExaminer {
    /// The pack whose templates it makes.
    pack: String,
    scene: Mutex<Scene>,
    held: Mutex<bool>,
    released: Condvar,
    waiting: AtomicUsize,
    examined: AtomicUsize,
}

impl FakeExaminer {
    fn wait_until_released(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut held = self.held.lock().unwrap();
        while *held {
            held = self.released.wait(held).unwrap();
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Examiner for FakeExaminer {
    fn look(&self, order: LookOrder<'_>) -> Result<Looked, ExamineError> {
        self.wait_until_released();
        if self.scene.lock().unwrap().fault {
            return Err(fault());
        }
        crate::faces::look(order, &self.pack)
    }

    fn percentage(&self, similarity: f32) -> f64 {
        f64::from(similarity.clamp(0.0, 1.0)) * 100.0
    }

    fn examine(
        &self,
        input: ExaminationInput<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Examined, ExamineError> {
        self.wait_until_released();
        self.examined.fetch_add(1, Ordering::SeqCst);
        assert!(input.document.exists() && input.video.exists());
        let scene = self.scene.lock().unwrap().clone();
        if scene.fault {
            return Err(fault());
        }
        progress(scene.percentages.len(), input.frames);
        Ok(examined(&scene, input.frames, input.challenge))
    }
}

fn fault() -> ExamineError {
    ExamineError::Vision(VisionError::Io(std::io::Error::other(
        "secret detail of the machine",
    )))
}

fn face() -> FaceFinding {
    FaceFinding {
        face_box: FaceBox {
            left: 100.0,
            top: 120.0,
            width: 160.0,
            height: 200.0,
        },
        confidence: 0.99,
        sharpness: 500.0,
        brightness: 120.0,
        unevenness: Some(0.1),
        pose: HeadPose {
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
        },
        mask: Some(0.02),
        eyes_open: None,
        landmarks: Some([
            [148.0, 190.0],
            [212.0, 190.0],
            [180.0, 230.0],
            [155.0, 270.0],
            [205.0, 270.0],
        ]),
    }
}

fn examined(scene: &Scene, frames_asked: usize, asked: Option<&ChallengeOrder>) -> Examined {
    let steps = steps(asked);
    let frames: Vec<FrameFinding> = scene
        .percentages
        .iter()
        .enumerate()
        .map(|(index, percentage)| FrameFinding {
            index: index as u32,
            time_ms: index as u64 * 500,
            faces: u32::from(percentage.is_some()),
            face: percentage.map(|_| face()),
            similarity: percentage.map(|percentage| percentage as f32 / 100.0),
            percentage: *percentage,
            liveness: None,
            defects: percentage.map_or_else(|| vec![Defect::NoFace], |_| Vec::new()),
        })
        .collect();
    let has_face = scene.document != CaptureCode::NoUsableFace;
    let pictures = pictures(has_face, &frames);
    let signals = Signals {
        percentages: scene.percentages.iter().copied().flatten().collect(),
        frames_asked: frames_asked as u32,
        frames_with_face: frames.iter().filter(|frame| frame.face.is_some()).count() as u32,
        faces_in_video: 1,
        sharpness: Some(500.0),
        brightness: Some(120.0),
        head_turn: Some(0.0),
        document_faces: u32::from(has_face),
        document_face_px: has_face.then_some(160.0),
        document_sharpness: has_face.then_some(500.0),
        document_brightness: has_face.then_some(120.0),
        liveness: scene.live,
        // All else that default rules ask of a live person.
        blink_count: Some(3.0),
        head_relief: Some(80.0),
        expression: Some(90.0),
        sway: Some(8.0),
        fresh_frames: Some(100.0),
        unbroken: Some(100.0),
        screen_free: Some(100.0),
        pulse: Some(20.0),
        same_person: Some(100.0),
        challenge: challenge::percent(&steps),
        mask: Some(2.0),
        frames: None,
    };
    Examined {
        examination: Examination {
            pack: "fake".to_owned(),
            document: DocumentFinding {
                code: scene.document,
                width: 640,
                height: 400,
                quarter_turns: 0,
                faces: u32::from(has_face),
                face: has_face.then(face),
                defects: if has_face {
                    Vec::new()
                } else {
                    vec![Defect::NoFace]
                },
            },
            video: VideoFinding {
                code: scene.video,
                container: "mp4".to_owned(),
                codec: "h264".to_owned(),
                width: 480,
                height: 640,
                duration_ms: Some(4000),
                truncated: false,
                decoded_frames: 30,
                upright: None,
                watched: None,
            },
            frames,
            steps,
            took_ms: 1,
        },
        signals,
        pictures,
        spent: Spent {
            decode_seconds: 0.25,
            look_seconds: 0.5,
        },
    }
}

/// Every picture that the real examiner would make, each of a shade of its own.
fn pictures(document_has_face: bool, frames: &[FrameFinding]) -> Vec<KeptPicture> {
    let mut kinds = vec![PictureKind::Document];
    kinds.extend(document_has_face.then_some(PictureKind::Portrait));
    for frame in frames {
        kinds.push(PictureKind::Frame(frame.index));
        if frame.face.is_some() {
            kinds.push(PictureKind::AlignedFace(frame.index));
            kinds.push(PictureKind::Thumbnail(frame.index));
        }
    }
    let small = |(number, what): (usize, PictureKind)| {
        let rgb = vec![(number * 4) as u8; 16 * 20 * 3];
        let jpeg = Picture::from_rgb(16, 20, rgb).unwrap().to_jpeg(80).unwrap();
        KeptPicture { what, jpeg }
    };
    kinds.into_iter().enumerate().map(small).collect()
}

/// Every step is met, a second after the other, of a video that came in time.
fn steps(asked: Option<&ChallengeOrder>) -> Vec<StepFinding> {
    let Some(asked) = asked else {
        return Vec::new();
    };
    let step = |(index, action): (usize, &Action)| StepFinding {
        action: *action,
        met: asked.in_time,
        at_ms: asked.in_time.then_some(index as u64 * 1000),
    };
    asked.steps.iter().enumerate().map(step).collect()
}

/// The program whose child processes decode: the test's own is another.
pub(crate) fn decoder() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_likeness"))
}

/// A running service and everything a test needs to speak to it.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) operations: Operations,
    pub(crate) client: Client,
    /// Where the numbers are served, if on an address of their own.
    pub(crate) metrics: Option<SocketAddr>,
    examiner: Arc<FakeExaminer>,
    handle: actix_web::dev::ServerHandle,
    running: tokio::task::JoinHandle<Ended>,
    told: mpsc::Sender<()>,
    ground: Arc<Ground>,
    /// The name of its own folder.
    node: String,
}

impl TestApp {
    /// A service with a folder of its own and the project `demo`.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// The same with settings changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let ground = Ground::new().await;
        Self::start_in(ground, change, fake_models()).await
    }

    /// A service whose packs tell neither masks nor liveness.
    pub(crate) async fn start_without_observations() -> Self {
        let ground = Ground::new().await;
        let models = ModelFacts {
            mask: None,
            liveness: None,
            landmarks: None,
            ..fake_models()
        };
        Self::start_in(ground, |_| (), models).await
    }

    /// A service whose models never become warm.
    pub(crate) async fn start_cold() -> Self {
        let ground = Ground::new().await;
        Self::start_as(Node::first(ground), |_| (), fake_models(), false).await
    }

    /// Returns once the examiner has something to look at, which it does while it is held.
    pub(crate) async fn until_looking(&self) {
        while self.examiner.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn start_in(
        ground: Arc<Ground>,
        change: impl FnOnce(&mut Config),
        models: ModelFacts,
    ) -> Self {
        Self::start_as(Node::first(ground), change, models, true).await
    }

    async fn start_as(
        Node { ground, name: node }: Node,
        change: impl FnOnce(&mut Config),
        models: ModelFacts,
        warm: bool,
    ) -> Self {
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            // So that a test which holds the examiner holds every examination.
            workers: 1,
            // So that only a test which asks for it turns anybody away.
            max_waiting_looks: 64,
            max_awaited: 64,
            decoder: decoder(),
            sandbox_ready: 0,
            ..Config::default()
        };
        ground.configure(&mut config, &node);
        change(&mut config);
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000)));
        let examiner = Arc::new(FakeExaminer {
            pack: models.embedder.clone(),
            scene: Mutex::new(Scene::of(&[90.0; 8])),
            held: Mutex::new(false),
            released: Condvar::new(),
            waiting: AtomicUsize::new(0),
            examined: AtomicUsize::new(0),
        });
        let app = App::build(
            &config,
            clock.clone(),
            Instruments::Given(models, warm.then(|| examiner.clone() as Arc<dyn Examiner>)),
        )
        .await
        .unwrap();
        let (address, handle) = (app.address(), app.handle());
        let metrics = app.metrics_address();
        let operations = app.operations().clone();
        let (told, telling) = mpsc::channel(2);
        let running = tokio::spawn(async move { app.run_until(telling).await.unwrap() });
        let mut started = Self {
            address,
            token: String::new(),
            clock,
            operations,
            metrics,
            client: client().build().unwrap(),
            examiner,
            handle,
            running,
            told,
            ground,
            node,
        };
        started.token = started.token_for("demo").await;
        started
    }

    /// Tells the service to stop, as a signal does.
    pub(crate) async fn tell(&self) {
        self.told.send(()).await.unwrap();
    }

    /// Returns once the service has ended, and says how.
    pub(crate) async fn ended(mut self) -> Ended {
        (&mut self.running).await.unwrap()
    }

    /// Stops the service and starts another on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with("fake").await
    }

    /// The same with another embedder.
    pub(crate) async fn restart_with(self, embedder: &str) -> Self {
        let node = Node {
            ground: self.ground.clone(),
            name: self.node.clone(),
        };
        self.handle.stop(true).await;
        let mut this = self;
        (&mut this.running).await.unwrap();
        let models = ModelFacts {
            embedder: embedder.to_owned(),
            ..fake_models()
        };
        Self::start_as(node, |_| (), models, true).await
    }

    /// Another process on the same folder.
    pub(crate) async fn beside(&self) -> Self {
        Self::start_in(self.ground.clone(), |_| (), fake_models()).await
    }

    /// Another node: what is kept is shared, the folder for what is on its way is its own.
    pub(crate) async fn another_node(&self, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_as(self.second(), change, fake_models(), true).await
    }

    /// Another node whose models never become warm: it takes requests and examines nothing.
    pub(crate) async fn another_cold_node(&self) -> Self {
        Self::start_as(self.second(), |_| (), fake_models(), false).await
    }

    /// A node of this name on a ground that others stand on too.
    pub(crate) async fn start_on(ground: &Arc<Ground>, name: &str) -> Self {
        let node = Node {
            ground: ground.clone(),
            name: name.to_owned(),
        };
        Self::start_as(node, |_| (), fake_models(), true).await
    }

    /// Where every blob is a file under its key.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.ground.blobs(&self.node)
    }

    /// The server that the blobs lie on, where nodes share them.
    pub(crate) fn s3(&self) -> &crate::s3::S3Server {
        self.ground.s3().unwrap()
    }

    /// How often the examiner was given something to examine.
    pub(crate) fn examined(&self) -> usize {
        self.examiner.examined.load(Ordering::SeqCst)
    }

    /// Stops in order: what was being examined has come to its end.
    pub(crate) async fn stop(mut self) {
        self.handle.stop(true).await;
        (&mut self.running).await.unwrap();
    }

    fn second(&self) -> Node {
        Node {
            ground: self.ground.clone(),
            name: format!("{}-beside", self.node),
        }
    }

    pub(crate) fn sees(&self, scene: Scene) {
        *self.examiner.scene.lock().unwrap() = scene;
    }

    /// Examinations begin and do not end until `release`.
    pub(crate) fn hold(&self) {
        *self.examiner.held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.examiner.held.lock().unwrap() = false;
        self.examiner.released.notify_all();
    }

    pub(crate) async fn token_for(&self, project: &str) -> String {
        self.token_with(
            project,
            vec![Scope::Submit, Scope::Read, Scope::Enrol],
            None,
        )
        .await
    }

    pub(crate) async fn token_with(
        &self,
        project: &str,
        scopes: Vec<Scope>,
        lifetime_ms: Option<i64>,
    ) -> String {
        let new = NewToken {
            project: project.to_owned(),
            scopes,
            label: String::new(),
            lifetime_ms,
            parent: None,
            officer: None,
            by: Actor::Operator,
        };
        let secret = self.operations.create_token(new).await.unwrap();
        secret.reveal().to_owned()
    }

    pub(crate) async fn set_project(&self, change: impl FnOnce(&mut ProjectSettings)) {
        let mut settings = self.operations.find_project("demo").await.unwrap().settings;
        change(&mut settings);
        self.operations.set_project("demo", settings).await.unwrap();
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(&self.token)
    }

    pub(crate) fn match_faces(&self, form: Form) -> RequestBuilder {
        self.post("/api-gateway/match-faces").multipart(form)
    }

    /// A match of the two good samples.
    pub(crate) async fn good_match(&self) -> Response {
        self.match_faces(document_and_video()).send().await.unwrap()
    }

    pub(crate) async fn start_biometry_session(&self) -> String {
        let answer = self
            .post("/api-gateway/sessions/start")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        body(answer).await["data"].as_str().unwrap().to_owned()
    }

    /// A native session with both pieces of evidence.
    pub(crate) async fn session_with_evidence(&self) -> String {
        let session = body(self.post("/v1/sessions").send().await.unwrap()).await;
        let id = session["id"].as_str().unwrap().to_owned();
        self.add_evidence(&id).await;
        id
    }

    /// A document and a video for a session.
    pub(crate) async fn add_evidence(&self, id: &str) {
        for (kind, bytes) in [("document", document()), ("video", video())] {
            let form = Form::new().part(kind, Part::bytes(bytes));
            let answer = self
                .post(&format!("/v1/sessions/{id}/{kind}"))
                .multipart(form)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), StatusCode::CREATED, "{kind}");
        }
    }

    /// Returns once an examination has ended.
    pub(crate) async fn operations_finish(&self, session: &str, job: &Value) {
        let caller = self.operations.authenticate(&self.token).await.unwrap();
        let examination = job["id"].as_str().unwrap().parse().unwrap();
        let wait = std::time::Duration::from_secs(20);
        self.operations
            .await_examination(&caller, session.parse().unwrap(), examination, wait)
            .await
            .unwrap();
    }

    pub(crate) async fn sessions(&self) -> Vec<Value> {
        let list = body(self.get("/v1/sessions").send().await.unwrap()).await;
        list["sessions"].as_array().unwrap().clone()
    }

    /// The address of the database, for what no door offers.
    pub(crate) fn database(&self) -> String {
        self.ground.database(&self.node)
    }

    /// Changes the database behind the service's back; tells how many rows.
    pub(crate) async fn tamper(&self, sql: &str) -> u64 {
        let connection = Database::connect(self.database()).await.unwrap();
        connection
            .execute_unprepared(sql)
            .await
            .unwrap()
            .rows_affected()
    }

    /// What a query for whole numbers finds.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let connection = Database::connect(self.database()).await.unwrap();
        let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// The audit log as it stands in the database, oldest first.
    pub(crate) async fn audit_rows(&self) -> Vec<Value> {
        let connection = Database::connect(self.database()).await.unwrap();
        let backend = connection.get_database_backend();
        let row = if backend == DatabaseBackend::Postgres {
            "json_build_object('action', action, 'actor', actor, 'target', target, \
             'details', details::json)::text"
        } else {
            "json_object('action', action, 'actor', actor, 'target', target, \
             'details', json(details))"
        };
        let statement = format!("SELECT {row} AS told FROM audit ORDER BY seq");
        let rows = connection
            .query_all_raw(Statement::from_string(backend, statement))
            .await
            .unwrap();
        rows.iter()
            .map(|row| serde_json::from_str(&row.try_get::<String>("", "told").unwrap()).unwrap())
            .collect()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.ground.path().join(&self.node)
    }

    /// Every file below a folder of the data folder.
    pub(crate) fn files(&self, below: &str) -> Vec<PathBuf> {
        let folder = match below.strip_prefix("blobs") {
            Some(rest) => self.blobs().join(rest.trim_start_matches('/')),
            None => self.ground.path().join(&self.node).join(below),
        };
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files
    }

    /// Nothing came of a refused request: no session, no blob, no file left on the way.
    pub(crate) async fn assert_nothing_stored(&self) {
        assert_eq!(self.sessions().await, Vec::<Value>::new());
        assert_eq!(self.files("blobs"), Vec::<PathBuf>::new());
        assert_eq!(self.files("scratch"), Vec::<PathBuf>::new());
    }
}

fn fake_models() -> ModelFacts {
    ModelFacts {
        detector: "fake".to_owned(),
        embedder: "fake".to_owned(),
        weaker: true,
        mask: Some("fake".to_owned()),
        liveness: Some("fake".to_owned()),
        landmarks: Some("fake".to_owned()),
        hashes: vec![PackHash {
            name: "fake".to_owned(),
            sha256: "f".repeat(64),
        }],
    }
}

/// A node of a test's service.
struct Node {
    ground: Arc<Ground>,
    name: String,
}

impl Node {
    fn first(ground: Arc<Ground>) -> Self {
        Self {
            ground,
            name: "data".to_owned(),
        }
    }
}

/// A client of a test. Its TLS needs a provider of cryptography, which the service names once it has started.
pub(crate) fn client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy()
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // A test that ends while an examination is held must not leave its thread waiting.
        self.release();
    }
}

pub(crate) fn document() -> Vec<u8> {
    std::fs::read(sample("genuine/document.jpg")).unwrap()
}

pub(crate) fn video() -> Vec<u8> {
    std::fs::read(sample("genuine/video.mp4")).unwrap()
}

pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

pub(crate) fn document_and_video() -> Form {
    Form::new()
        .part("image", Part::bytes(document()).file_name("image.jpg"))
        .part("video", Part::bytes(video()).file_name("video.mp4"))
}

pub(crate) async fn body(answer: Response) -> Value {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} with no JSON: {text:?}"))
}

/// The keys of an object, in order.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// The error of the Biometry dialect, whose body holds it and nothing else.
pub(crate) async fn biometry_error(answer: Response, status: StatusCode) -> String {
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(answer.status(), status);
    let body = body(answer).await;
    assert_eq!(keys(&body), ["error"]);
    body["error"].as_str().unwrap().to_owned()
}

/// The error of the native API: its code and its message.
pub(crate) async fn native_error(answer: Response, status: StatusCode) -> (String, String) {
    assert_eq!(answer.status(), status);
    let body: HashMap<String, HashMap<String, String>> = answer.json().await.unwrap();
    let error = &body["error"];
    (error["code"].clone(), error["message"].clone())
}

/// Bytes as two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.file_name().is_none_or(|name| name != LOCK) {
            files.push(path);
        }
    }
}
