//! Holds every answer that a test sees against the service's own description of its API.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::helpers::TestApp;

/// An answer that keeps to the description.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// The JSON, or the text as a JSON string.
    pub(crate) body: Value,
}

impl TestApp {
    /// Sends a JSON body and holds the answer against the description.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Seen {
        let request = self.client.request(method, self.url(path)).json(body);
        self.see(request.bearer_auth(&self.token)).await
    }

    /// Sends a request and holds the answer against the description.
    pub(crate) async fn see(&self, request: RequestBuilder) -> Seen {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = self.client.execute(request).await.unwrap();
        let status = answer.status();
        let headers = answer.headers().clone();
        let content_type = headers
            .get("content-type")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let seen = Seen {
            status,
            content_type,
            headers,
            body,
        };
        self.check_description(&method, &path, &seen).await;
        seen
    }

    async fn check_description(&self, method: &Method, path: &str, seen: &Seen) {
        let description: Value = self
            .client
            .get(self.url("/openapi.json"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let operation = operation(&description, method, path)
            .unwrap_or_else(|| panic!("{method} {path} is not described"));
        let status = seen.status.as_u16().to_string();
        let response = &operation["responses"][&status];
        assert!(
            response.is_object(),
            "{method} {path} answers {status}, which is not described: {}",
            seen.body
        );
        let Some((media, described)) = response["content"]
            .as_object()
            .and_then(|content| content.iter().next())
        else {
            return;
        };
        assert!(
            seen.content_type.starts_with(media.as_str()),
            "{method} {path} {status} is {} and described as {media}",
            seen.content_type
        );
        let mut schema = json!({ "components": description["components"] });
        let mut described = described["schema"].clone();
        schema
            .as_object_mut()
            .unwrap()
            .append(described.as_object_mut().unwrap());
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&seen.body)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{method} {path} {status} does not keep to its description: {errors:#?}\n{}",
            seen.body
        );
    }
}

/// The described operation of a path; a literal path before one with parameters.
fn operation<'a>(description: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let paths = description["paths"].as_object()?;
    let method = method.as_str().to_lowercase();
    let matching = paths
        .iter()
        .filter(|(pattern, _)| matches(pattern, path))
        .min_by_key(|(pattern, _)| pattern.matches('{').count());
    matching.and_then(|(_, item)| item.get(&method))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}
