//! Styles and scripts, inside the program: named by what they hold, so that a browser may keep them for ever.

use std::sync::OnceLock;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Path};
use actix_web::{HttpResponse, Responder};
use sha2::{Digest as _, Sha256};

/// A file, its type and its bytes.
type Asset = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: [Asset; 8] = [
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    (
        "console.css",
        "text/css; charset=utf-8",
        include_str!("assets/console.css"),
    ),
    ("console.js", SCRIPT, include_str!("assets/console.js")),
    ("queue.js", SCRIPT, include_str!("assets/queue.js")),
    ("case.js", SCRIPT, include_str!("assets/case.js")),
    ("copy.js", SCRIPT, include_str!("assets/copy.js")),
    (
        "rules-backtest.js",
        SCRIPT,
        include_str!("assets/rules-backtest.js"),
    ),
    (
        "rules-editor.js",
        SCRIPT,
        include_str!("assets/rules-editor.js"),
    ),
];

/// Adds the files' route.
pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/assets/{name}", web::get().to(read_asset));
}

/// Where a file lies: its address changes with what it holds.
pub(super) fn address(name: &str) -> String {
    static MARK: OnceLock<String> = OnceLock::new();
    let mark = MARK.get_or_init(|| {
        let mut hasher = Sha256::new();
        for (_, _, text) in ASSETS {
            hasher.update(text);
        }
        let hash = hasher.finalize();
        hash.iter()
            .take(6)
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    });
    format!("/console/assets/{name}?{mark}")
}

async fn read_asset(name: Path<String>) -> impl Responder {
    match ASSETS.iter().find(|(known, ..)| *known == name.as_str()) {
        Some((_, kind, text)) => HttpResponse::Ok()
            .content_type(*kind)
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .body(*text),
        None => HttpResponse::NotFound().finish(),
    }
}
