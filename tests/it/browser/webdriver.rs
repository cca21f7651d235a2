//! The few calls of the W3C's `WebDriver` protocol that the tests need: JSON over HTTP, so no client library comes along.

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser, as its driver knows it.
pub(super) struct WebDriver {
    client: Client,
    /// The session's address at the driver.
    address: String,
}

impl WebDriver {
    /// Opens a browser.
    pub(super) async fn open(driver: &str, capabilities: &Value) -> Self {
        let client = crate::helpers::client().build().unwrap();
        let opened = Self {
            client,
            address: format!("{driver}/session"),
        };
        let wanted = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = opened.call(Method::POST, "", &wanted).await.unwrap();
        let id = answer["sessionId"].as_str().unwrap();
        Self {
            address: format!("{driver}/session/{id}"),
            ..opened
        }
    }

    /// Carries out a command; what the driver says against it is an error.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, Value> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.address));
        if method == Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let is_done = answer.status().is_success();
        let mut answer: Value = answer.json().await.unwrap();
        let value = answer["value"].take();
        if is_done { Ok(value) } else { Err(value) }
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Value> {
        self.call(Method::POST, path, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Value> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// The element of a selector, where there is one now.
    pub(super) async fn element(&self, selector: &str) -> Option<String> {
        let wanted = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", &wanted).await.ok()?;
        Some(found[ELEMENT].as_str()?.to_owned())
    }

    /// The element that has the focus.
    pub(super) async fn focused(&self) -> String {
        let found = self.get("/element/active").await.unwrap();
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Does something to an element: `click`, `clear`, or `value` with a text.
    pub(super) async fn act(&self, element: &str, act: &str, body: &Value) -> Result<Value, Value> {
        self.post(&format!("/element/{element}/{act}"), body).await
    }

    pub(super) async fn execute(&self, script: &str) -> Result<Value, Value> {
        let script = json!({"script": script, "args": []});
        self.post("/execute/sync", &script).await
    }

    pub(super) async fn execute_async(&self, script: &str) -> Result<Value, Value> {
        let script = json!({"script": script, "args": []});
        self.post("/execute/async", &script).await
    }

    pub(super) async fn close(&self) {
        let _ = self.call(Method::DELETE, "", &Value::Null).await;
    }
}
