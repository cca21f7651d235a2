//! Holds a page against the accessibility rules of axe-core, in both themes and at the width of a screen and a telephone.

use serde_json::Value;

use crate::browser::driver::Browser;

const WIDTHS: [u32; 2] = [1280, 390];

/// Where `scripts/axe.sh` puts it.
pub(super) const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/browser/axe_playwright_python/axe.min.js"
);

/// Finds fault with nothing on the page, however it is looked at, and keeps a picture of each way.
pub(super) async fn check(browser: &Browser, name: &str) {
    let script = std::fs::read_to_string(SCRIPT).unwrap();
    for width in WIDTHS {
        browser.set_width(width).await;
        for theme in ["light", "dark"] {
            browser.set_theme(theme).await;
            browser.run(&script).await;
            let found = browser
                .run_async(
                    "const done = arguments[0]; axe.run(document).then((found) => done(found.violations.map((it) => \
                     [it.id, it.help, it.nodes.slice(0, 4).map((node) => node.target.join(' ') + ' ' + node.failureSummary)])), \
                     (error) => done(String(error)))",
                )
                .await;
            browser.picture(&format!("{name}-{width}-{theme}")).await;
            assert_eq!(
                found,
                Value::Array(vec![]),
                "{name} at {width} px, {theme}: {found:#}"
            );
            let overflow = browser
                .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .await;
            assert_eq!(overflow, 0, "{name} is wider than {width} px");
        }
    }
    browser.set_width(1280).await;
    browser.set_theme("light").await;
}
