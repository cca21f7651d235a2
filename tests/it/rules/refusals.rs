//! Rule files that are refused: each with the place and the reason.

use likeness::scoring::rules::Rules;
use serde_json::{Value, json};

/// Everything that is wrong with a file: place and reason.
fn problems(text: &str) -> Vec<(String, String)> {
    Rules::parse(text)
        .expect_err(text)
        .problems()
        .iter()
        .map(|problem| (problem.pointer.clone(), problem.reason.clone()))
        .collect()
}

/// What is wrong with a file whose one condition is this.
fn refused(condition: &Value) -> Vec<(String, String)> {
    problems(&json!({"name": "t", "quality_conditions": [condition]}).to_string())
}

fn is_refused(condition: &Value, place: &str, reason: &str) {
    let place = format!("/quality_conditions/0{place}");
    assert_eq!(
        refused(condition),
        [(place, reason.to_owned())],
        "{condition}"
    );
}

/// A good condition with some fields set otherwise.
fn with(changes: &Value) -> Value {
    let mut condition = json!({"name": "a", "signal": "score", "operator": ">=", "pass": 80});
    let fields = condition.as_object_mut().unwrap();
    for (field, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(field);
        } else {
            fields.insert(field.clone(), value.clone());
        }
    }
    condition
}

#[test]
fn a_file_that_is_no_rule_file_is_refused_as_a_whole() {
    for (text, place, reason) in [
        (
            "",
            "",
            "the rules are not JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{",
            "",
            "the rules are not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "", "this is not of type \"object\""),
        (
            r#"{"name": "t"}"#,
            "",
            "a rule file has conditions of one check at least",
        ),
        (
            r#"{"quality_conditions": [{"name": "a", "signal": "score", "operator": ">=", "pass": 80}]}"#,
            "",
            "\"name\" is a required property",
        ),
        (
            r#"{"name": "t", "quality_conditions": [{"name": "a", "signal": "score", "operator": ">=", "pass": 80}], "facematch_condition": 7}"#,
            "",
            "there is no field `facematch_condition`; did you mean `facematch_conditions`?",
        ),
        (
            r#"{"name": "t", "quality_conditions": [{"name": "a", "signal": "score", "operator": ">=", "pass": 80}], "at_best": "fail"}"#,
            "/at_best",
            "this is not one of \"pass\" or \"refer\"",
        ),
        (
            r#"{"name": "t", "quality_conditions": []}"#,
            "/quality_conditions",
            "a check that is there has one condition at least",
        ),
        (
            r#"{"name": " ", "quality_conditions": [{"name": "a", "signal": "score", "operator": ">=", "pass": 80}]}"#,
            "/name",
            "the name is blank",
        ),
        (
            "{\"name\": \"t\u{202e}\", \"quality_conditions\": [{\"name\": \"a\", \"signal\": \"score\", \"operator\": \">=\", \"pass\": 80}]}",
            "/name",
            "it holds the character U+202E, which cannot be seen and may mislead",
        ),
        (
            "\u{feff}{}",
            "",
            "the file starts with a byte order mark; save it without",
        ),
        (
            r#"{"name": "t", "quality_conditions": 7}"#,
            "/quality_conditions",
            "this is not of type \"array\"",
        ),
    ] {
        assert_eq!(
            problems(text),
            [(place.to_owned(), reason.to_owned())],
            "{text}"
        );
    }
}

#[test]
fn a_file_too_large_or_too_deep_is_refused_before_it_is_looked_at() {
    let large = format!(
        r#"{{"name": "t", "description": "{}"}}"#,
        "a".repeat(10 << 20)
    );
    assert_eq!(
        problems(&large),
        [(
            String::new(),
            format!(
                "a rule file has at most 262144 bytes; this one has {}",
                large.len()
            )
        )]
    );
    for (open, close) in [("[", "]"), (r#"{"name":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let [(place, reason)] = problems(&deep).try_into().unwrap();
        assert_eq!(place, "");
        assert!(reason.contains("recursion limit exceeded"), "{reason}");
    }
    let deep_but_readable = format!(
        r#"{{"name": "t", "quality_conditions": {}7{}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    assert_eq!(problems(&deep_but_readable).len(), 1);
}

#[test]
fn a_check_of_too_many_conditions_is_refused_and_only_looked_into_so_far() {
    let many: Vec<Value> = (0..101)
        .map(|_| json!({"name": "a", "expression": "1"}))
        .collect();
    let found = problems(&json!({"name": "t", "quality_conditions": many}).to_string());
    let (place, reason) = &found[0];
    assert_eq!(place, "/quality_conditions");
    assert_eq!(reason, "this has more than 100 items");
    assert_eq!(
        found.len(),
        1 + 100 + 99,
        "each expression, and each name after the first"
    );
}

#[test]
fn a_signal_or_a_function_that_is_unknown_is_refused_with_a_suggestion() {
    for (signal, reason) in [
        ("scroe", "there is no signal `scroe`; did you mean `score`?"),
        (
            "frames.percentag.min()",
            "there is no signal `frames.percentag`; did you mean `frames.percentage`?",
        ),
        (
            "frames.percentage.medium()",
            "there is no function `medium`; did you mean `median`?",
        ),
        (
            "share_abov(70)",
            "there is no function `share_abov`; did you mean `share_above`?",
        ),
        ("passport", "there is no signal `passport`"),
        (
            "frames.yaw",
            "`frames.yaw` has a value for every frame: put a function over it, such as `frames.yaw.median()`",
        ),
        (
            "score.mean()",
            "`score` is one number already; `mean` wants a signal of the frames",
        ),
        (
            "frames.percentage.quantile()",
            "`quantile(p)` takes one number",
        ),
        (
            "frames.percentage.quantile(2)",
            "what `quantile(p)` takes over `frames.percentage` lies between 0 and 1; this is 2",
        ),
        ("frames.percentage.mean(2)", "`mean()` takes no number"),
        (
            "share_above(170)",
            "what `share_above(x)` takes over `frames.percentage` lies between 0 and 100; this is 170",
        ),
        (
            "frames.sharpness.longest_run_below(-1)",
            "what `longest_run_below(x)` takes over `frames.sharpness` is 0 or more; this is -1",
        ),
        (
            "score + 1",
            "a signal is a name such as `score`, or one function over the frames such as `frames.percentage.min()`",
        ),
    ] {
        is_refused(&with(&json!({ "signal": signal })), "/signal", reason);
    }
}

#[test]
fn a_bound_that_makes_no_sense_is_refused() {
    for (changes, place, reason) in [
        (
            json!({"pass": 800}),
            "/pass",
            "the bound 800 is out of range: `score` lies between 0 and 100",
        ),
        (
            json!({"pass": 0}),
            "/pass",
            "the bound 0 is always kept: `score` lies between 0 and 100",
        ),
        (
            json!({"operator": "<=", "pass": 100}),
            "/pass",
            "the bound 100 is always kept: `score` lies between 0 and 100",
        ),
        (
            json!({"signal": "sharpness", "pass": 0}),
            "/pass",
            "the bound 0 is always kept: `sharpness` is 0 or more",
        ),
        (
            json!({"refer": -1}),
            "/refer",
            "the bound -1 is out of range: `score` lies between 0 and 100",
        ),
        (
            json!({"refer": 81}),
            "/refer",
            "the refer bound 81 is stricter than the pass bound 80",
        ),
        (
            json!({"operator": "<=", "pass": 50, "refer": 40}),
            "/refer",
            "the refer bound 40 is stricter than the pass bound 50",
        ),
        (
            json!({"refer": 65, "severity": "refer"}),
            "/refer",
            "a `refer` bound says nothing where the `severity` never fails",
        ),
        (
            json!({"severity": "refer", "on_missing": "fail"}),
            "/on_missing",
            "`fail` is worse than the `severity` allows, which is `refer`",
        ),
        (
            json!({"severity": "note", "on_missing": "refer"}),
            "/on_missing",
            "`refer` is worse than the `severity` allows, which is `note`",
        ),
        (
            json!({"pass": "80"}),
            "/pass",
            "this is not of type \"number\"",
        ),
        (
            json!({"operator": ">"}),
            "/operator",
            "this is not one of \">=\" or \"<=\"",
        ),
        (
            json!({"operator": null}),
            "",
            "\"operator\" is a required property",
        ),
        (json!({"pass": null}), "", "\"pass\" is a required property"),
    ] {
        is_refused(&with(&changes), place, reason);
    }
}

#[test]
fn a_bound_that_some_value_misses_is_taken() {
    for changes in [
        json!({"pass": 100}),
        json!({"refer": 0}),
        json!({"operator": "<=", "pass": 0, "refer": 100}),
        json!({"signal": "sharpness", "operator": "<=", "pass": 1e300}),
        // That one signal stands on both sides is not looked at.
        json!({"signal": null, "expression": "score - score", "pass": 0}),
    ] {
        let text = json!({"name": "t", "quality_conditions": [with(&changes)]}).to_string();
        Rules::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_at_its_place() {
    let text = r#"{"name": "t", "quality_conditions": [
        {"name": "a", "signal": "score", "operator": ">=", "pass": 80, "pass": 1, "pass": 2}], "name": "u"}"#;
    let twice =
        |place: &str, key: &str| (place.to_owned(), format!("the key `{key}` stands twice"));
    let pass = "/quality_conditions/0/pass";
    assert_eq!(
        problems(text),
        [
            twice(pass, "pass"),
            twice(pass, "pass"),
            twice("/name", "name")
        ]
    );
}

#[test]
fn a_name_or_a_message_that_does_not_read_as_it_looks_is_refused() {
    let hides =
        |code: &str| format!("it holds the character {code}, which cannot be seen and may mislead");
    for (name, code) in [
        ("a\u{200b}", "U+200B"),
        ("a\nb", "U+000A"),
        ("\u{2066}a", "U+2066"),
    ] {
        is_refused(&with(&json!({"name": name})), "/name", &hides(code));
        is_refused(&with(&json!({"message": name})), "/message", &hides(code));
    }
    is_refused(
        &with(&json!({"name": " \u{a0}"})),
        "/name",
        "the name is blank",
    );
    let conditions = [
        with(&json!({"name": "Match score"})),
        with(&json!({"name": " match  SCORE "})),
    ];
    let text = json!({"name": "t", "quality_conditions": conditions}).to_string();
    assert_eq!(
        problems(&text),
        [(
            "/quality_conditions/1/name".to_owned(),
            "the name ` match  SCORE ` is taken by /quality_conditions/0".to_owned()
        )]
    );
}

#[test]
fn the_file_as_a_whole_is_no_place() {
    let told = |text: &str| Rules::parse(text).unwrap_err().to_string();
    assert_eq!(told("[]"), "this is not of type \"object\"");
    assert!(
        told(r#"{"name": "t", "quality_conditions": 7}"#).starts_with("at /quality_conditions: ")
    );
}

#[test]
fn a_condition_says_one_thing_and_says_it_whole() {
    let one_of = "a condition has exactly one of `signal` and `expression`";
    is_refused(&with(&json!({"expression": "score >= 80"})), "", one_of);
    is_refused(&json!({"name": "a"}), "", one_of);
    is_refused(
        &json!({"name": "a", "expression": "score * 2"}),
        "",
        "an expression that comes to a number wants `operator` and `pass`",
    );
    is_refused(
        &with(&json!({"signal": null, "expression": "score * 2", "pass": 201})),
        "/pass",
        "the bound 201 is out of range: `score * 2` lies between 0 and 200",
    );
    is_refused(
        &with(&json!({"reason": "FACE_MISMATHC"})),
        "/reason",
        "`FACE_MISMATHC` is no reason that a rule may give; did you mean `FACE_MISMATCH`?",
    );
    is_refused(
        &with(&json!({"reason": "SUSPECTED_FRAUD"})),
        "/reason",
        "`SUSPECTED_FRAUD` is no reason that a rule may give",
    );
    is_refused(
        &with(&json!({"sevrity": "note"})),
        "",
        "there is no field `sevrity`; did you mean `severity`?",
    );
    let bounded = with(&json!({"signal": null, "expression": "score >= 80", "refer": 65}));
    let places: Vec<String> = refused(&bounded).into_iter().map(|found| found.0).collect();
    assert_eq!(
        places,
        ["operator", "pass", "refer"].map(|field| format!("/quality_conditions/0/{field}"))
    );
}

#[test]
fn an_expression_that_makes_no_sense_is_refused() {
    for (expression, reason) in [
        (
            "score >= 800",
            "`score >= 800` can never hold: `score` lies between 0 and 100",
        ),
        (
            "score >= 0 && liveness > 5",
            "`score >= 0` always holds: `score` lies between 0 and 100",
        ),
        (
            "frames.percentage.count() > 64",
            "`frames.percentage.count() > 64` can never hold: `frames.percentage.count()` lies between 0 and 64",
        ),
        (
            "score + liveness > 200",
            "`score + liveness > 200` can never hold: `score + liveness` lies between 0 and 200",
        ),
        ("score > 5 || true", "`score > 5 || true` always holds"),
        ("5 > 3", "`5 > 3` always holds"),
        ("!(true)", "`!(true)` can never hold"),
        ("true", "the expression names no signal"),
        ("1 + 1", "the expression names no signal"),
        ("score / 0 > 1", "`score / 0` divides by zero"),
        ("!score", "`!` wants conditions, and `score` is a number"),
        (
            "score && liveness",
            "`&&` wants conditions, and `score` is a number",
        ),
        (
            "(score > 5) + 1",
            "`+` wants numbers, and `score > 5` is a condition",
        ),
        (
            "0 < score < 80",
            "`<` wants numbers, and `0 < score` is a condition",
        ),
        (
            "score > 5 ? 1 : liveness > 5",
            "`? :` chooses between two numbers or between two conditions, not between one of each",
        ),
        ("has(frames.yaw)", "`has` is not part of the language"),
        ("score in liveness", "`in` is not part of the language"),
        (
            "score > 5u",
            "numbers with a letter are not part of the language",
        ),
        (
            "score == null",
            "empty values (`null`) are not part of the language",
        ),
        (
            "frames.yaw.all(x, x > 3)",
            "loops are not part of the language",
        ),
        (
            "frames.yaw.longest_run_below(score) > 3",
            "what `longest_run_below(x)` takes is written as a plain number",
        ),
        ("size(score) > 3", "there is no function `size`"),
        (
            "frames.yaw.max().max() > 3",
            "a function stands after a signal of the frames, such as `frames.percentage.min()`",
        ),
        (
            "score >= 80 80",
            "the expression cannot be read at character 13: mismatched input '80' expecting <EOF>",
        ),
    ] {
        is_refused(
            &json!({"name": "a", "expression": expression}),
            "/expression",
            reason,
        );
    }
}

#[test]
fn every_problem_is_told_at_once_and_nothing_is_echoed_at_length() {
    let text = json!({
        "name": "t",
        "facematch_conditions": [
            {"name": "a", "signal": "scroe", "operator": ">=", "pass": 80},
            {"name": "b", "signal": "score", "operator": ">=", "pass": "x".repeat(100_000)},
            {"name": "c", "signal": "score", "operator": ">=", "pass": 80, "y".repeat(50_000): 1}
        ],
        "liveness_conditions": [
            {"name": "a", "signal": "liveness", "operator": ">=", "pass": 101}
        ]
    })
    .to_string();
    let error = Rules::parse(&text).unwrap_err();
    let places: Vec<&str> = error
        .problems()
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "/facematch_conditions/1/pass",
            "/facematch_conditions/2",
            "/facematch_conditions/0/signal",
            "/liveness_conditions/0/pass",
            "/liveness_conditions/0/name",
        ]
    );
    assert_eq!(
        error.problems()[4].reason,
        "the name `a` is taken by /facematch_conditions/0"
    );
    assert_eq!(error.to_string().lines().count(), 5);
    assert!(error.to_string().len() < 1000, "{error}");
}
