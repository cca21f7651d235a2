//! The page about liveness is what its run says, and nothing else.

use likeness::evaluation::presentation::{LIVE, Run};
use likeness::evaluation::presentation_page::page;

use crate::weights::root;

#[test]
fn the_page_is_printed_from_its_run() {
    let read = |file: &str| std::fs::read_to_string(root().join("docs").join(file)).unwrap();
    let run: Run = serde_json::from_str(&read("liveness.run.json")).unwrap();
    assert!(
        read("liveness.md").trim_end() == page(&run).trim_end(),
        "docs/liveness.md is not what `likeness eval-liveness --page docs/liveness.run.json` prints"
    );
    assert!(page(&run).contains("**Not certified.**"));
    // Of the generated faces nothing is promised; whatever else attacks must not pass.
    for tally in run.tallies() {
        if tally.species != LIVE && tally.species != "generated" {
            assert_eq!(tally.passed, 0, "{}", tally.species);
        }
    }
}
