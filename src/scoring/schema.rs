//! The JSON Schema of rule files, made from the vocabulary; also what an editor hints with.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::scoring::expression::Expression;
use crate::scoring::functions::{Argument, FUNCTIONS};
use crate::scoring::reasons::ReasonCode;
use crate::scoring::vocabulary::{Signal, VOCABULARY};

/// Most conditions of one check.
pub const MOST_CONDITIONS: usize = 100;

/// The schema, by JSON Schema's draft 2020-12.
pub static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of likeness",
        "description": "Conditions over the signals of one examination. The verdict is fail when any condition fails, else refer when any refers, else pass.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "anyOf": [
            { "required": ["facematch_conditions"] },
            { "required": ["liveness_conditions"] },
            { "required": ["document_conditions"] },
            { "required": ["quality_conditions"] }
        ],
        "properties": {
            "$schema": { "type": "string" },
            "name": { "type": "string", "minLength": 1, "maxLength": 100 },
            "description": { "type": "string", "maxLength": 2000 },
            "at_best": {
                "description": "The best that these rules let an examination come to; `pass` when it is left out. With `refer` nothing passes by itself.",
                "enum": ["pass", "refer"]
            },
            "facematch_conditions": { "$ref": "#/$defs/conditions" },
            "liveness_conditions": { "$ref": "#/$defs/conditions" },
            "document_conditions": { "$ref": "#/$defs/conditions" },
            "quality_conditions": { "$ref": "#/$defs/conditions" }
        },
        "$defs": {
            "conditions": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_CONDITIONS,
                "items": { "$ref": "#/$defs/condition" }
            },
            "condition": condition()
        }
    })
});

fn condition() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "oneOf": [{ "required": ["signal"] }, { "required": ["expression"] }],
        "dependentRequired": {
            "signal": ["operator", "pass"],
            "operator": ["pass"],
            "pass": ["operator"],
            "refer": ["pass"]
        },
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "What the condition is about, in words; it opens the sentence that is reported. Each name stands once in a file, its case and its blanks aside.",
                "type": "string",
                "minLength": 1,
                "maxLength": 100
            },
            "signal": signal(),
            "expression": {
                "description": "A number or a condition over signals, such as `score >= 80 || median_percentage >= 85`.",
                "type": "string",
                "minLength": 1,
                "maxLength": Expression::MOST_CHARACTERS
            },
            "operator": {
                "description": "Which side of the bounds is the good one; the bound itself belongs to it. Not beside an expression that holds or does not.",
                "enum": [">=", "<="]
            },
            "pass": { "description": "The bound to pass.", "type": "number" },
            "refer": {
                "description": "The weaker bound, down to which a person decides. Without it the condition does its worst at once.",
                "type": "number"
            },
            "severity": {
                "description": "The worst that the condition may do; `fail` when it is left out. A `note` is reported and changes nothing.",
                "enum": ["fail", "refer", "note"]
            },
            "on_missing": on_missing(),
            "message": message(),
            "reason": reason()
        }
    })
}

fn on_missing() -> Value {
    json!({
        "description": "What holds when something it names was not measured; `refer` when it is left out.",
        "enum": ["fail", "refer", "ignore"]
    })
}

fn message() -> Value {
    json!({
        "description": "Words for officers, appended to the sentence.",
        "type": "string",
        "minLength": 1,
        "maxLength": 300
    })
}

fn reason() -> Value {
    let codes = ReasonCode::of_rules()
        .map(|code| json!({ "const": code.name(), "description": code.officer_text() }));
    json!({
        "description": "The reason to give where the condition does not hold; without it the signal and the side of the bound tell it.",
        "oneOf": codes.collect::<Vec<_>>()
    })
}

fn signal() -> Value {
    let of_examination = VOCABULARY.iter().filter(|signal| !signal.is_of_frames());
    let mut forms: Vec<Value> = of_examination
        .map(|signal| json!({ "const": signal.name, "description": described(signal) }))
        .collect();
    let plain_calls = FUNCTIONS
        .iter()
        .filter(|function| function.argument == Argument::None);
    for function in plain_calls {
        for series in VOCABULARY.iter().filter(|signal| signal.is_of_frames()) {
            forms.push(json!({
                "const": format!("{}.{}", series.name, function.call()),
                "description": format!("{}, of: {}", function.meaning, described(series))
            }));
        }
    }
    // Unknown names are refused further on, with a suggestion.
    forms.push(json!({
        "description": "One function over the frames with its number, such as `frames.percentage.quantile(0.1)`; `share_above(70)` alone is over `frames.percentage`.",
        "pattern": "^[a-z_]+(\\.[a-z_]+)*(\\( *(-?[0-9]+(\\.[0-9]+)?)? *\\))?$"
    }));
    json!({
        "description": "One number: a signal of the examination, or one function over the frames.",
        "type": "string",
        "maxLength": 100,
        "anyOf": forms
    })
}

fn described(signal: &Signal) -> String {
    format!(
        "{} ({}, {})",
        signal.meaning,
        signal.unit,
        signal.range.written()
    )
}

/// Everything that a rule file may name, for an editor to hint with.
pub fn vocabulary() -> Value {
    let signals = |of_frames: bool| -> Vec<Value> {
        VOCABULARY
            .iter()
            .filter(|signal| signal.is_of_frames() == of_frames)
            .map(|signal| {
                json!({
                    "name": signal.name,
                    "unit": signal.unit,
                    "lowest": signal.range.low.is_finite().then_some(signal.range.low),
                    "highest": signal.range.high.is_finite().then_some(signal.range.high),
                    "meaning": signal.meaning,
                    "reason_when_too_low": signal.too_low.name(),
                    "reason_when_too_high": signal.too_high.name()
                })
            })
            .collect()
    };
    json!({
        "signals": signals(false),
        "frame_signals": signals(true),
        "functions": FUNCTIONS.iter().map(|function| json!({
            "name": function.name,
            "call": function.call(),
            "argument": function.argument.in_words(),
            "meaning": function.meaning
        })).collect::<Vec<_>>(),
        "reasons": ReasonCode::ALL.iter().map(|code| json!({
            "code": code.name(),
            "source": code.source().name(),
            "officer_text": code.officer_text(),
            "applicant_text": code.applicant_text()
        })).collect::<Vec<_>>()
    })
}
