//! Starts Chromium and does in it what a person does: goes, types, presses keys, looks.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ::http::Method;
use fantoccini::elements::Element;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::browser::axe;

/// How long a page may take to show what is waited for: generous, as nothing is measured here.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is needed beside the service.
const DRIVER: &str = "chromedriver";

/// A running driver; it goes with the test, and its browsers with it.
pub(super) struct Driver {
    process: Child,
    address: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether there is a browser to test with. Where the whole suite runs there must be.
pub(super) fn is_here(test: &str) -> bool {
    let found = Command::new(DRIVER)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
        && Path::new(axe::SCRIPT).exists();
    let is_required = std::env::var("LIKENESS_TEST_BROWSER").is_ok_and(|value| value == "required");
    assert!(
        found || !is_required,
        "{DRIVER} or {} is missing: run `make test`, which puts both there",
        axe::SCRIPT
    );
    if !found {
        println!("skipped: {test}: {DRIVER} or {} is missing", axe::SCRIPT);
    }
    found
}

impl Driver {
    pub(super) fn start() -> Self {
        let mut process = Command::new(DRIVER)
            .args(["--port=0", "--silent"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said
            .by_ref()
            .map(|line| line.unwrap())
            .find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("the driver says on which port it listens");
        // What it says later is read too, so that it never waits for a reader.
        std::thread::spawn(move || said.for_each(drop));
        Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
        }
    }

    /// A browser of its own: nobody else's cookies are in it.
    pub(super) async fn browser(&self, service: &str) -> Browser {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ];
        let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
        let Value::Object(capabilities) = capabilities else {
            unreachable!("an object is written above")
        };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .unwrap();
        let mut patience = TimeoutConfiguration::default();
        patience.set_script(Some(PATIENCE));
        client.update_timeouts(patience).await.unwrap();
        Browser {
            client,
            service: service.to_owned(),
        }
    }
}

/// A browser window.
pub(super) struct Browser {
    pub(super) client: Client,
    service: String,
}

impl Browser {
    pub(super) async fn go(&self, path: &str) {
        let address = format!("{}{path}", self.service);
        self.client.goto(&address).await.unwrap();
    }

    /// What a selector finds, once it is there.
    pub(super) async fn find(&self, selector: &str) -> Element {
        let waiting = self.client.wait().at_most(PATIENCE);
        match waiting.for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!(
                "{selector} does not appear ({error}) on {}",
                self.text().await
            ),
        }
    }

    pub(super) async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    /// Puts text into a field, in the place of what stood there.
    pub(super) async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub(super) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    pub(super) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Waits until an expression is true in the page.
    pub(super) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.client.execute(&script, vec![]).await.ok() != Some(Value::Bool(true)) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "never came true: {expression} on {}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All the text that the page shows.
    pub(super) async fn text(&self) -> String {
        let text = self
            .client
            .execute("return document.body.innerText", vec![]);
        text.await
            .ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(super) async fn see(&self, words: &str) {
        let words = serde_json::to_string(words).unwrap();
        self.until(&format!("document.body.innerText.includes({words})"))
            .await;
    }

    /// As wide as a screen or a telephone.
    pub(super) async fn set_width(&self, width: u32) {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
            .await;
    }

    /// Light or dark, as a person would choose it by the button.
    pub(super) async fn set_theme(&self, theme: &str) {
        self.run(&format!(
            "localStorage.setItem('likeness-theme', '{theme}'); document.documentElement.dataset.theme = '{theme}'"
        ))
        .await;
    }

    /// Keeps a picture of the whole page for people to look at.
    pub(super) async fn picture(&self, name: &str) {
        let height = self
            .run("return Math.min(4000, document.documentElement.scrollHeight)")
            .await;
        let width = self.run("return innerWidth").await;
        let clip = json!({"captureBeyondViewport": true, "format": "png",
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}});
        let answer = self.devtools("Page.captureScreenshot", &clip).await;
        use base64::Engine as _;
        let png = base64::engine::general_purpose::STANDARD
            .decode(answer["data"].as_str().unwrap())
            .unwrap();
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    async fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let command = DevTools(json!({"cmd": command, "params": parameters}));
        self.client.issue_cmd(command).await.unwrap()
    }
}

/// Where pictures of pages lie after a run.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser/pictures")
}

/// A command of the browser's own, as its driver passes it on.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}
