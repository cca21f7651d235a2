//! Measures a pack on labelled pairs: accuracy, error rates with intervals, calibration.

pub mod accuracy;
pub mod calibrate;
pub mod cross;
pub mod distribution;
pub mod exact;
pub mod identities;
pub mod intervals;
pub mod measure;
pub mod pairs;
pub mod percentages;
pub mod presentation;
pub mod presentation_page;
pub mod rates;
pub mod recall;
pub mod record;
pub mod report;
pub mod subjects;
pub mod tail;
pub mod text;
