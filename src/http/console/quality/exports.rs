//! The figures of reviews, and the decisions behind them, as files for spreadsheets.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::console::errors::PageError;
use crate::http::console::guest::Guest;
use crate::http::console::overview::SpanQuery;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::review_quality::{ExportedDecision, OfficerQuality, Part};
use crate::session::estimate::share;

type Answer = Result<HttpResponse, PageError>;

/// What a cell begins with that a spreadsheet takes for a formula.
const FORMULAS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The table of the page.
pub(super) async fn officers(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<SpanQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let found = operations
        .review_quality(&guest.visitor.caller, query.days()?)
        .await?;
    let mut table = vec![officers_head()];
    table.extend(found.iter().map(officer_row));
    file("review-quality.csv", &table)
}

/// What was decided: no applicant is named, and no note is told.
pub(super) async fn decisions(
    request: HttpRequest,
    operations: Data<Operations>,
    query: Query<SpanQuery>,
) -> Answer {
    let guest = Guest::of(&request, &operations).await?;
    let found = operations
        .exported_decisions(&guest.visitor.caller, query.days()?)
        .await?;
    let head = [
        "at", "session", "decision", "reasons", "officer", "took_ms", "seeded",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    table.extend(found.iter().map(decision_row));
    file("decisions.csv", &table)
}

fn officers_head() -> Vec<String> {
    let mut head: Vec<String> = ["officer", "decided", "median_ms", "p95_ms"]
        .map(str::to_owned)
        .to_vec();
    for name in ["confirmed", "overruled", "false_accepts", "false_rejects"] {
        head.extend(["", "_of", "_percent", "_low", "_high"].map(|end| format!("{name}{end}")));
    }
    head.push("known_answers".to_owned());
    head
}

fn officer_row(officer: &OfficerQuality) -> Vec<String> {
    let mut row = vec![
        officer.name.clone(),
        officer.decided.to_string(),
        number(officer.median_ms),
        number(officer.p95_ms),
    ];
    for part in [
        officer.confirmed,
        officer.overruled,
        officer.false_accepts,
        officer.false_rejects,
    ] {
        row.extend(part_cells(part));
    }
    row.push(officer.known.to_string());
    row
}

fn part_cells(part: Part) -> [String; 5] {
    let found = share(part.hits, part.of);
    let percent = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
    [
        part.hits.to_string(),
        part.of.to_string(),
        percent(found.map(|it| it.value)),
        percent(found.map(|it| it.low)),
        percent(found.map(|it| it.high)),
    ]
}

fn decision_row(decision: &ExportedDecision) -> Vec<String> {
    let at = jiff::Timestamp::from_millisecond(decision.at.0);
    vec![
        at.map_or(String::new(), |at| at.to_string()),
        decision.session.to_string(),
        decision.kind.name().to_owned(),
        decision.reasons.join(" "),
        decision.officer.clone(),
        number(decision.took_ms),
        if decision.seeded { "y" } else { "n" }.to_owned(),
    ]
}

fn number(value: Option<u64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn file(name: &str, table: &[Vec<String>]) -> Answer {
    let text = write(table).map_err(Error::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(text))
}

fn write(table: &[Vec<String>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in table {
        writer.write_record(row.iter().map(|cell| defused(cell)))?;
    }
    writer.flush()?;
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// A cell that no spreadsheet runs.
fn defused(cell: &str) -> String {
    if cell.starts_with(FORMULAS) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for odd in ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"] {
            assert_eq!(defused(odd), format!("'{odd}"));
        }
        for plain in ["", "Ada", "1", "a=b", "1-2"] {
            assert_eq!(defused(plain), plain);
        }
    }

    #[test]
    fn a_name_stays_in_its_cell() {
        let table = vec![
            vec!["officer".to_owned(), "decided".to_owned()],
            vec!["=A, \"B\"\nC".to_owned(), "2".to_owned()],
        ];
        let text = String::from_utf8(write(&table).unwrap()).unwrap();
        assert_eq!(text, "officer,decided\n\"'=A, \"\"B\"\"\nC\",2\n");
    }

    #[test]
    fn every_row_is_as_long_as_the_head() {
        let officer = OfficerQuality {
            confirmed: Part { hits: 1, of: 2 },
            ..OfficerQuality::default()
        };
        assert_eq!(officers_head().len(), officer_row(&officer).len());
    }
}
