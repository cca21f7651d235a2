//! The page about liveness, written from the file of a run: docs/liveness.md.

use std::fmt::Write as _;

use crate::evaluation::presentation::{CLAIM, LIVE, Run, refused};

/// What the page says before any figure.
const HEAD: &str = include_str!("presentation_page.md");

/// The whole page.
pub fn page(run: &Run) -> String {
    let mut page = String::from(HEAD);
    // Writing to a text cannot fail.
    let _ = writeln!(
        page,
        "\n## The run\n\n`{}`, {}, {}, likeness {}, packs {}, rules `{}`.\n",
        run.command,
        run.date,
        run.machine,
        run.software,
        run.packs.join(", "),
        run.rules
    );
    rates(run, &mut page);
    spreads(run, &mut page);
    clips(run, &mut page);
    page
}

fn rates(run: &Run, page: &mut String) {
    let _ = writeln!(
        page,
        "## Error rates\n\nOf attacks the share that passed by itself (APCER), of live people the share that did not (BPCER); \"not above\" \
         is the exact binomial bound of one-sided 95 %. Referred counts as not passed on both sides.\n\n\
         | species | clips | passed | referred | error rate | not above |  |\n|---|---|---|---|---|---|---|"
    );
    for tally in run.tallies() {
        let name = if tally.species == LIVE {
            "BPCER"
        } else {
            "APCER"
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {name} {:.0} % | {:.0} % | {} |",
            tally.species,
            tally.clips,
            tally.passed,
            tally.referred,
            tally.error_rate * 100.0,
            tally.upper_bound * 100.0,
            refused(&tally)
                .unwrap_or_else(|| format!("carries a claim below {:.0} %", CLAIM * 100.0))
        );
    }
}

fn spreads(run: &Run, page: &mut String) {
    let _ = writeln!(
        page,
        "\n## Every signal by itself\n\nLeast, median and most over the clips of a species.\n\n\
         | signal | species | clips | least | median | most |\n|---|---|---|---|---|---|"
    );
    for spread in run.spreads() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {:.0} | {:.0} | {:.0} |",
            spread.signal, spread.species, spread.clips, spread.least, spread.median, spread.most
        );
    }
}

fn clips(run: &Run, page: &mut String) {
    let _ = writeln!(
        page,
        "\n## Every clip\n\n| clip | species | outcome | what did not hold |\n|---|---|---|---|"
    );
    for clip in &run.clips {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            clip.name,
            clip.species,
            clip.outcome,
            clip.reasons.join(", ")
        );
    }
}
