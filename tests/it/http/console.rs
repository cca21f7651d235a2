//! The console through the door: a small browser that signs in, reads pages and sends their forms.

use likeness::session::account::Role;
use likeness::session::actor::Actor;
use likeness::session::time::Timestamp;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use totp_rs::{Builder, Secret};

use crate::helpers::TestApp;

pub(crate) const PASSWORD: &str = "seven green boats";

/// A page, or where the browser is sent on to.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) content_type: String,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Page {
    /// Whether the page says it, as people read it.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.words().contains(words)
    }

    /// The text between the tags, every space one space.
    pub(crate) fn words(&self) -> String {
        let mut words = String::new();
        let mut is_inside = false;
        for character in self.text.chars() {
            match character {
                '<' => is_inside = true,
                '>' => {
                    is_inside = false;
                    words.push(' ');
                }
                other if !is_inside => words.push(other),
                _ => {}
            }
        }
        let words: Vec<&str> = words.split_whitespace().collect();
        words
            .join(" ")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    }

    /// What stands between two texts.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self
            .text
            .split_once(before)
            .unwrap_or_else(|| panic!("no {before:?} in {}", self.text));
        rest.split_once(after).unwrap().0
    }

    fn mark(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("name=\"mark\" value=\"")?;
        Some(rest.split_once('"')?.0)
    }
}

/// Somebody who is signed in.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    client: Client,
    cookie: String,
    /// What the forms of their pages bear.
    pub(crate) mark: String,
}

fn client() -> Client {
    crate::helpers::client()
        .redirect(Policy::none())
        .build()
        .unwrap()
}

async fn page(request: reqwest::RequestBuilder) -> Page {
    let answer = request.send().await.unwrap();
    let headers = answer.headers().clone();
    let header = |name| {
        let value: Option<&reqwest::header::HeaderValue> = headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    Page {
        status: answer.status(),
        location: header(LOCATION),
        content_type: header(CONTENT_TYPE).unwrap_or_default(),
        text: answer.text().await.unwrap(),
        headers,
    }
}

/// A form's body as browsers write it.
fn encoded(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).unwrap()
}

impl TestApp {
    /// A page as somebody sees it who is not signed in.
    pub(crate) async fn stranger(&self, path: &str) -> Page {
        page(client().get(self.url(path))).await
    }

    pub(crate) async fn stranger_posts(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = client().post(self.url(path));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        page(request.body(encoded(fields))).await
    }

    /// Makes an account for the project, follows its link and signs in.
    pub(crate) async fn signs_in_to(&self, project: &str, name: &str, role: Role) -> Browser<'_> {
        let project = self.operations.ensure_project(project).await.unwrap();
        let link = self
            .operations
            .add_member(project.id, name, role, Actor::Operator)
            .await
            .unwrap()
            .unwrap();
        let key = self.enrols(link.reveal()).await;
        self.signs_in_with(name, &key).await
    }

    pub(crate) async fn signs_in(&self, name: &str, role: Role) -> Browser<'_> {
        self.signs_in_to("demo", name, role).await
    }

    /// Sets the password behind a link, and returns the key of the codes.
    pub(crate) async fn enrols(&self, invitation: &str) -> String {
        let shown = self
            .stranger_posts("/console/enrol", &[("invitation", invitation)])
            .await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        let key = shown
            .between("this key into it: <code>", "</code>")
            .to_owned();
        let fields = [
            ("invitation", invitation),
            ("password", PASSWORD),
            ("again", PASSWORD),
            ("code", &self.code(&key)),
        ];
        let done = self.stranger_posts("/console/enrol/finish", &fields).await;
        assert!(done.says("Your password is set"), "{}", done.text);
        key
    }

    /// Signs in with the next code: one opens once.
    pub(crate) async fn signs_in_with(&self, name: &str, key: &str) -> Browser<'_> {
        self.clock.advance(30_000);
        let code = self.code(key);
        let fields = [("name", name), ("password", PASSWORD), ("code", &code)];
        let answer = self.stranger_posts("/console/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        let mut browser = Browser {
            app: self,
            client: client(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
            mark: String::new(),
        };
        // Every page bears the mark; this one is anybody's who may own rules, and the list of places is on all.
        let home = browser.get("/console/rules").await;
        home.mark()
            .unwrap_or_default()
            .clone_into(&mut browser.mark);
        browser
    }

    fn code(&self, key: &str) -> String {
        code_of(key, self.clock_now())
    }
}

/// What a device with this key shows at a moment.
pub(crate) fn code_of(key: &str, now: Timestamp) -> String {
    let secret = Secret::try_from_base32(key).unwrap();
    let totp = Builder::new()
        .with_secret(secret.as_bytes().to_vec())
        .with_account_name("somebody")
        .with_issuer(Some("likeness"))
        .build()
        .unwrap();
    totp.generate(now.0 as u64 / 1000).to_string()
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Page {
        page(
            self.client
                .get(self.app.url(path))
                .header(COOKIE, &self.cookie),
        )
        .await
    }

    /// What an open page asks for while nobody does anything.
    pub(crate) async fn asks_by_itself(&self, path: &str) -> Page {
        let request = self.client.get(self.app.url(path));
        page(
            request
                .header(COOKIE, &self.cookie)
                .header("x-by-itself", "1"),
        )
        .await
    }

    /// Sends a form with the mark of this person's pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        fields.push(("mark", &self.mark));
        self.post_bare(path, &fields).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        page(self.request(path, fields)).await
    }

    /// The same as a script of the page does that asks for lines.
    pub(crate) async fn post_for_lines(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        fields.push(("mark", &self.mark));
        let request = self.request(path, &fields);
        page(request.header("accept", "application/x-ndjson")).await
    }

    fn request(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.client.post(self.app.url(path));
        request
            .header(COOKIE, &self.cookie)
            .header("origin", format!("http://{}", self.app.address))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    /// Sends a form and expects to be sent on.
    pub(crate) async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.words());
        answer.location.unwrap()
    }
}

/// Every page of rules and of the project, and every form of theirs.
const PAGES: [&str; 12] = [
    "/console/rules",
    "/console/rules/new",
    "/console/rules/diff",
    "/console/rules/default",
    "/console/rules/1",
    "/console/rules/1/shadow",
    "/console/rules/1/try",
    "/console/rules/1/backtest",
    "/console/projects",
    "/console/projects/tokens",
    "/console/projects/officers",
    "/console/projects/webhooks",
];
const FORMS: [&str; 19] = [
    "/console/queue/next",
    "/console/sessions/sess_1/take",
    "/console/sessions/sess_1/renew",
    "/console/sessions/sess_1/give-back",
    "/console/sessions/sess_1/decide",
    "/console/sessions/sess_1/undo",
    "/console/rules",
    "/console/rules/check",
    "/console/rules/shadow/end",
    "/console/rules/1/activate",
    "/console/rules/1/shadow",
    "/console/rules/1/backtest",
    "/console/projects",
    "/console/projects/tokens",
    "/console/projects/tokens/tok_1/revoke",
    "/console/projects/officers",
    "/console/projects/officers/acc_1/role",
    "/console/projects/officers/acc_1/remove",
    "/console/projects/webhooks/cb_1/replay",
];

#[actix_web::test]
async fn nobody_sees_a_page_without_signing_in() {
    let app = TestApp::start().await;
    let others = [
        "/console/projects/usage",
        "/console/queue",
        "/console/queue/events",
        "/console/sessions",
        "/console/sessions/sess_1",
        "/console/overview",
        "/console/quality",
        "/console/quality/seeds",
    ];
    for evidence in ["video", "exam_1/portrait"] {
        let path = format!("/console/evidence/sess_1/{evidence}?until=9&mark=x");
        assert_eq!(app.stranger(&path).await.status, StatusCode::SEE_OTHER);
    }
    for path in PAGES.into_iter().chain(others) {
        let page = app.stranger(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        let back = format!("/console?{}", encoded(&[("to", path)]));
        assert_eq!(page.location.as_deref(), Some(back.as_str()), "{path}");
        assert!(
            app.stranger(&back).await.text.contains(path),
            "who signs in comes to the page that they wanted: {path}"
        );
    }
    for path in FORMS {
        let page = app.stranger_posts(path, &[("mark", "x")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
    }
}

#[actix_web::test]
async fn a_form_that_is_not_of_ones_own_pages_does_nothing() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let bob = app.signs_in("Bob Day", Role::Admin).await;
    let rows = app.audit_rows().await.len();
    for path in FORMS {
        for mark in ["", bob.mark.as_str()] {
            let page = ann.post_bare(path, &[("mark", mark)]).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
            assert!(page.says("comes from a page that is not yours"), "{path}");
        }
        let page = ann.post_bare(path, &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(app.audit_rows().await.len(), rows);
}

#[actix_web::test]
async fn who_lacks_the_role_is_told_so_and_sees_no_way_there() {
    let app = TestApp::start().await;
    let officer = app.signs_in("Ann Lee", Role::Officer).await;
    let lead = app.signs_in("Bob Day", Role::Lead).await;
    for path in PAGES {
        let page = officer.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.says("not for your role"), "{}", page.words());
    }
    for path in PAGES.iter().filter(|path| path.contains("projects")) {
        assert_eq!(lead.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let rules = lead.get("/console/rules").await;
    assert_eq!(rules.status, StatusCode::OK);
    assert!(rules.text.contains("href=\"/console/rules\""));
    assert!(!rules.text.contains("href=\"/console/projects\""));
    // A lead's forms are their own, and yet an admin's are not theirs to send.
    for path in FORMS.iter().filter(|path| path.contains("projects")) {
        let fields = [("name", "x"), ("role", "officer"), ("scope", "read")];
        let page = lead.post(path, &fields).await;
        let refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
        assert!(refused.contains(&page.status), "{path} {}", page.status);
    }
    assert!(app.operations.list_tokens("demo").await.unwrap().len() == 1);
}

#[actix_web::test]
async fn every_page_lets_nothing_foreign_in_and_leaves_no_copy() {
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Admin).await;
    let rules = include_str!("../../../scoring-rules/match-only.json");
    ann.done("/console/rules", &[("text", rules), ("note", "a test")])
        .await;
    for path in PAGES.into_iter().chain(["/console/projects/usage"]) {
        let page = ann.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"));
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        // What the policy would not let run or show is not there.
        for forbidden in ["style=\"", "<style", "onclick=", "javascript:"] {
            assert!(!page.text.contains(forbidden), "{path}: {forbidden}");
        }
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        let scripts = page.text.split("<script ").skip(1);
        for script in scripts {
            let address = script
                .split_once("src=\"")
                .unwrap()
                .1
                .split('"')
                .next()
                .unwrap();
            assert_eq!(
                app.stranger(address).await.status,
                StatusCode::OK,
                "{address}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_of_wrong_codes_locks_the_account_for_the_right_one_too() {
    use likeness::operations::sign_in::Attempt;
    let app = TestApp::start().await;
    app.signs_in("Ann Lee", Role::Officer).await;
    let attempt = |code: &str| Attempt {
        name: "Ann Lee".to_owned(),
        password: PASSWORD.to_owned(),
        code: code.to_owned(),
    };
    let tries = (0..20).map(|number| {
        let operations = app.operations.clone();
        let attempt = attempt(&format!("00000{}", number % 10));
        tokio::spawn(async move { operations.sign_in(attempt).await.is_ok() })
    });
    for done in futures_util::future::join_all(tries).await {
        assert!(!done.unwrap());
    }
    let locked = app.audit_rows().await.into_iter();
    let locked = locked.filter(|row| row["action"] == "officer.locked_out");
    assert_eq!(
        locked.count(),
        1,
        "whoever comes after the fifth is not looked at"
    );
}

#[actix_web::test]
async fn a_page_that_keeps_itself_up_to_date_keeps_nobody_signed_in() {
    const MINUTE: i64 = 60_000;
    let app = TestApp::start().await;
    let ann = app.signs_in("Ann Lee", Role::Officer).await;
    for _ in 0..2 {
        app.clock.advance(20 * MINUTE);
        let page = ann.get("/console/queue").await;
        assert_eq!(page.status, StatusCode::OK, "who does something stays");
    }
    for _ in 0..2 {
        app.clock.advance(20 * MINUTE);
        ann.asks_by_itself("/console/queue").await;
    }
    let page = ann.get("/console/queue").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}
