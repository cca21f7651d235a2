//! The service through its HTTP door.

mod argos;
mod audit;
mod backtest;
mod bad_input;
mod biometry;
mod challenges;
mod consent;
pub(crate) mod console;
mod console_project;
mod console_rules;
mod decisions;
mod documented;
mod enrolment;
mod erasure;
mod figures;
mod fremis;
mod galleries;
mod native;
mod opencv_cloud;
mod opencv_onprem;
mod operation;
mod pictures;
mod reviews;
mod risetai;
mod risetai_errors;
pub(crate) mod rules;
mod tokens;
