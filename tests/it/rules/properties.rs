//! What holds for every rule file and all signals, tried on made ones.

use likeness::scoring::expression::Expression;
use likeness::scoring::rules::{Check, Rules};
use likeness::scoring::schema::SCHEMA;
use likeness::scoring::signals::{FrameSeries, Signals};
use likeness::scoring::verdict::{Outcome, judge};
use likeness::scoring::vocabulary::VOCABULARY;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Enough to find what is wrong, few enough for every run of the tests.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A condition over percentages that a higher percentage can only help.
fn monotone() -> impl Strategy<Value = Value> {
    let bounded = (1..=20_u32, 0..=20_u32).prop_map(|(a, b)| (a.max(b), a.min(b)));
    let statistic = prop_oneof![
        Just("score".to_owned()),
        Just("min_percentage".to_owned()),
        Just("median_percentage".to_owned()),
        Just("max_percentage".to_owned()),
        Just("frames.percentage.mean()".to_owned()),
        (0..=10_u32).prop_map(|p| format!("frames.percentage.quantile({})", f64::from(p) / 10.0)),
    ];
    prop_oneof![
        (statistic, bounded.clone(), any::<bool>()).prop_map(|(signal, (pass, refer), twice)| {
            if twice {
                let text = format!("{signal} * 2 - (100 - score)");
                let (pass, refer) = (
                    f64::from(pass) * 15.0 - 100.0,
                    f64::from(refer) * 15.0 - 100.0,
                );
                return json!({"expression": text, "operator": ">=", "pass": pass, "refer": refer});
            }
            json!({"signal": signal, "operator": ">=", "pass": pass * 5, "refer": refer * 5})
        }),
        (0..=100_u32, bounded.clone()).prop_map(|(x, (pass, refer))| json!({
            "signal": format!("share_above({x})"),
            "operator": ">=",
            "pass": f64::from(pass) / 20.0,
            "refer": f64::from(refer) / 20.0
        })),
        (0..=100_u32, bounded).prop_map(|(x, (refer, pass))| json!({
            "signal": format!("frames.percentage.longest_run_below({x})"),
            "operator": "<=",
            "pass": pass,
            "refer": refer
        })),
    ]
}

fn rule_file(conditions: Vec<Value>) -> String {
    let named: Vec<Value> = conditions
        .into_iter()
        .enumerate()
        .map(|(index, mut condition)| {
            condition["name"] = json!(format!("condition {index}"));
            condition
        })
        .collect();
    json!({"name": "t", "facematch_conditions": named}).to_string()
}

/// Numbers of every kind, those that are none among them.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..255.0,
        1 => any::<f64>(),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0)],
    ]
}

fn signals() -> impl Strategy<Value = Signals> {
    let series = || prop_oneof![8 => vec(number(), 0..12), 1 => vec(number(), 5_000..5_001)];
    let measured = || proptest::option::of(number());
    let frames = proptest::option::of((series(), series(), series(), series()));
    (
        (series(), frames),
        (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()),
        (measured(), measured(), measured(), measured(), measured()),
    )
        .prop_map(|((percentages, frames), counts, measured)| Signals {
            percentages,
            frames_asked: counts.0,
            frames_with_face: counts.1,
            faces_in_video: counts.2,
            document_faces: counts.3,
            sharpness: measured.0,
            brightness: measured.1,
            head_turn: measured.2,
            document_face_px: measured.3,
            liveness: measured.4,
            frames: frames.map(|(sharpness, brightness, yaw, faces)| FrameSeries {
                sharpness,
                brightness,
                yaw,
                faces,
                ..FrameSeries::default()
            }),
            ..Signals::default()
        })
}

/// An expression of words that the language has, in an order that it often has not.
fn words() -> impl Strategy<Value = String> {
    let mut known: Vec<String> = [
        "+",
        "-",
        "*",
        "/",
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "&&",
        "||",
        "!",
        "?",
        ":",
        "(",
        ")",
        "0",
        "1",
        "0.5",
        "80",
        "true",
        "false",
        ".min()",
        ".spread()",
        ".quantile(0.5)",
        ".share_above(3)",
        "share_above(70)",
        ",",
        "has",
        "null",
        "in",
    ]
    .map(str::to_owned)
    .to_vec();
    known.extend(VOCABULARY.iter().map(|signal| signal.name.to_owned()));
    vec(proptest::sample::select(known), 1..12).prop_map(|words| words.join(" "))
}

/// An expression that mostly makes sense.
fn sensible() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("score".to_owned()),
        Just("liveness".to_owned()),
        Just("sharpness".to_owned()),
        Just("frames.percentage.spread()".to_owned()),
        Just("frames.yaw.quantile(0.9)".to_owned()),
        Just("frames.faces.longest_run_below(1)".to_owned()),
        (-50..200_i32).prop_map(|number| number.to_string()),
    ];
    let number = leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), "[-+*/]", inner.clone())
                .prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("({a} > 3 ? {b} : {c})")),
        ]
    });
    (number.clone(), "(<|<=|>|>=|==|!=)", number, any::<bool>())
        .prop_map(|(a, sign, b, whole)| {
            if whole {
                format!("{a} {sign} {b} || !({b} < 40 && {a} > 2)")
            } else {
                a
            }
        })
        .prop_filter("as long as the schema allows", |text| text.len() <= 500)
}

/// A condition that mostly makes sense.
fn coherent() -> impl Strategy<Value = Value> {
    let readings = [
        "score",
        "sharpness",
        "liveness",
        "head_turn",
        "frames.percentage.quantile(0.3)",
        "frames.sharpness.median()",
        "frames.brightness.spread()",
        "frames.faces.count()",
        "frames.yaw.max()",
        "share_above(20)",
        "frames.sharpness.longest_run_below(50)",
    ];
    let bounded = (
        proptest::sample::select(readings.to_vec()),
        // These lie in the range of every one of them.
        (0.01..=0.99_f64, 0.01..=0.99_f64),
        any::<bool>(),
    )
        .prop_map(|(signal, (a, b), up)| {
            let (low, high) = (a.min(b), a.max(b));
            let (operator, pass, refer) = if up {
                (">=", high, low)
            } else {
                ("<=", low, high)
            };
            json!({"signal": signal, "operator": operator, "pass": pass, "refer": refer})
        });
    let holds = (sensible(), "(fail|refer|note)", "(ignore|refer)").prop_map(
        |(text, severity, on_missing)| match severity.as_str() {
            "note" => json!({"expression": text, "severity": severity}),
            _ => json!({"expression": text, "severity": severity, "on_missing": on_missing}),
        },
    );
    prop_oneof![bounded, holds]
}

/// A condition of the schema's shape, whatever it says.
fn of_the_schema() -> impl Strategy<Value = Value> {
    let looked_at = prop_oneof![
        sensible().prop_map(|text| ("expression", text)),
        words().prop_map(|text| ("expression", text)),
        "[a-z_]{1,12}(\\.[a-z_]{1,8}){0,2}(\\([0-9]{0,3}\\))?".prop_map(|text| ("signal", text)),
        proptest::sample::select(VOCABULARY.map(|signal| signal.name).to_vec())
            .prop_map(|name| ("signal", name.to_owned())),
    ];
    let bound = || {
        proptest::option::of(prop_oneof![
            0.0..100.0,
            any::<f64>().prop_filter("a number of JSON", |x| x.is_finite())
        ])
    };
    (
        looked_at,
        (bound(), bound(), any::<bool>()),
        proptest::option::of("(fail|refer|note)"),
        proptest::option::of("(fail|refer|ignore)"),
        proptest::option::of("\\PC{1,20}"),
    )
        .prop_map(
            |((field, text), (pass, refer, up), severity, on_missing, message)| {
                let mut condition = json!({ field: text });
                let is_signal = field == "signal";
                if let Some(pass) = pass.or(is_signal.then_some(50.0)) {
                    condition["operator"] = json!(if up { ">=" } else { "<=" });
                    condition["pass"] = json!(pass);
                    if let Some(refer) = refer {
                        condition["refer"] = json!(refer);
                    }
                }
                for (field, value) in [
                    ("severity", severity),
                    ("on_missing", on_missing),
                    ("message", message),
                ] {
                    if let Some(value) = value {
                        condition[field] = json!(value);
                    }
                }
                condition
            },
        )
}

/// Any JSON at all.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let field = prop_oneof![
        Just("name".to_owned()),
        Just("quality_conditions".to_owned()),
        Just("liveness_conditions".to_owned()),
        Just("signal".to_owned()),
        Just("pass".to_owned()),
        Just("expression".to_owned()),
        "[a-z/~]{0,6}",
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((field.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn raising_a_percentage_never_worsens_a_verdict(
        conditions in vec(monotone(), 1..5),
        mut percentages in vec(0.0..100.0_f64, 1..12),
        which in any::<prop::sample::Index>(),
        by in 0.0..100.0_f64,
    ) {
        let rules = Rules::parse(&rule_file(conditions)).unwrap();
        let outcome = |percentages: &[f64]| -> Outcome {
            let signals = Signals { percentages: percentages.to_vec(), ..Signals::default() };
            judge(&rules, &signals, &[Check::FaceMatch]).outcome
        };
        let before = outcome(&percentages);
        let raised = which.index(percentages.len());
        percentages[raised] = (percentages[raised] + by).min(100.0);
        prop_assert!(outcome(&percentages) <= before);
    }

    #[test]
    fn whatever_the_schema_admits_is_judged_or_refused(
        conditions in vec(prop_oneof![4 => coherent(), 1 => of_the_schema()], 1..4),
        signals in signals(),
    ) {
        let text = rule_file(conditions);
        let file: Value = serde_json::from_str(&text).unwrap();
        prop_assert!(jsonschema::draft202012::is_valid(&SCHEMA, &file), "{text}");
        if let Ok(rules) = Rules::parse(&text) {
            let verdict = judge(&rules, &signals, &Check::ALL);
            let worst = !verdict.failed_conditions.is_empty();
            prop_assert_eq!(verdict.outcome == Outcome::Fail, worst);
        }
    }

    #[test]
    fn an_expression_that_makes_sense_is_judged(text in sensible(), signals in signals()) {
        match Expression::parse(&text) {
            Ok(Expression::Number(number)) => {
                prop_assert!(number.value(&signals).is_none_or(f64::is_finite));
            }
            Ok(Expression::Truth(truth)) => {
                let _ = truth.holds(&signals);
            }
            Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
        }
    }

    #[test]
    fn a_refused_file_says_where_and_why(file in any_json()) {
        if let Err(error) = Rules::parse(&file.to_string()) {
            prop_assert!(!error.problems().is_empty());
            for problem in error.problems() {
                let there = file.pointer(&problem.pointer).is_some();
                prop_assert!(there, "{} in {file}", problem.pointer);
            }
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC*", bytes in vec(any::<char>(), 0..40)) {
        let _ = Rules::parse(&text);
        let _ = Rules::parse(&bytes.into_iter().collect::<String>());
    }

    #[test]
    fn no_expression_is_too_strange(
        any in ".{0,60}",
        ours in "[-a-z0-9_.,()+*/<>=!&|?: ]{0,200}",
        words in words(),
    ) {
        for text in [any, ours, words] {
            let _ = Expression::parse(&text);
        }
    }
}
