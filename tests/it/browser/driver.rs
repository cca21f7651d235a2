//! Starts Chromium and does in it what a person does: goes, types, presses keys, looks.

use std::io::{BufRead as _, BufReader, Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::browser::axe;
use crate::browser::webdriver::WebDriver;

/// How long a page may take to show what is waited for: generous, as nothing is measured here.
const PATIENCE: Duration = Duration::from_mins(1);

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
#[expect(
    clippy::disallowed_methods,
    reason = "a test learns from its surroundings whether a browser must be there"
)]
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
        let script = axe::SCRIPT;
        let _ = writeln!(stderr(), "skipped: {test}: {DRIVER} or {script} is missing");
    }
    found
}

impl Driver {
    pub(super) fn start() -> Self {
        let mut process = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said
            .by_ref()
            .map(Result::unwrap)
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
            // Colours on their way from one theme to the other are no colours of the page.
            "--force-prefers-reduced-motion",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ];
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "timeouts": {"script": 60_000},
        });
        Browser {
            web: WebDriver::open(&self.address, &capabilities).await,
            service: service.to_owned(),
        }
    }
}

/// A browser window.
pub(super) struct Browser {
    web: WebDriver,
    service: String,
}

impl Browser {
    pub(super) async fn go(&self, path: &str) {
        let address = json!({"url": format!("{}{path}", self.service)});
        self.web.post("/url", &address).await.unwrap();
    }

    /// Where the browser is, without the service's own address.
    pub(super) async fn path(&self) -> String {
        let path = self.run("return location.pathname").await;
        path.as_str().unwrap().to_owned()
    }

    pub(super) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.web.act(&element, "click", &json!({})).await.unwrap();
    }

    /// Puts text into a field, in the place of what stood there.
    pub(super) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.web.act(&element, "clear", &json!({})).await.unwrap();
        let text = json!({"text": text});
        self.web.act(&element, "value", &text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub(super) async fn press(&self, keys: &str) {
        let element = self.web.focused().await;
        let keys = json!({"text": keys});
        self.web.act(&element, "value", &keys).await.unwrap();
    }

    /// Says yes to what the page asks.
    pub(super) async fn accept(&self) {
        self.web.post("/alert/accept", &json!({})).await.unwrap();
    }

    pub(super) async fn run(&self, script: &str) -> Value {
        self.web.execute(script).await.unwrap()
    }

    /// The same for a script that calls its last argument once it is done.
    pub(super) async fn run_async(&self, script: &str) -> Value {
        self.web.execute_async(script).await.unwrap()
    }

    /// Waits until an expression is true in the page.
    pub(super) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.web.execute(&script).await != Ok(Value::Bool(true)) {
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
        match self.web.execute("return document.body.innerText").await {
            Ok(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// Waits until the page shows these words.
    pub(super) async fn see(&self, words: &str) {
        let words = Value::from(words);
        self.until(&format!("document.body.innerText.includes({words})"))
            .await;
    }

    /// The text of an element, once it is there.
    pub(super) async fn text_of(&self, selector: &str) -> String {
        self.find(selector).await;
        let selector = Value::from(selector);
        let text = self
            .run(&format!(
                "return document.querySelector({selector}).textContent"
            ))
            .await;
        text.as_str().unwrap().to_owned()
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
        let size = self
            .run("return [innerWidth, Math.min(4000, document.documentElement.scrollHeight)]")
            .await;
        let clip = json!({"captureBeyondViewport": true, "format": "png",
            "clip": {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}});
        let answer = self.devtools("Page.captureScreenshot", &clip).await;
        let png = base64::engine::general_purpose::STANDARD
            .decode(answer["data"].as_str().unwrap())
            .unwrap();
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    pub(super) async fn close(self) {
        self.web.close().await;
    }

    /// The element of a selector, once it is there.
    async fn find(&self, selector: &str) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(element) = self.web.element(selector).await {
                return element;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{selector} does not appear on {}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A command of the browser's own, as its driver passes it on.
    async fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let command = json!({"cmd": command, "params": parameters});
        self.web.post("/goog/cdp/execute", &command).await.unwrap()
    }
}

/// Where pictures of pages lie after a run.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser/pictures")
}
