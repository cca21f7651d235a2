//! The service through its HTTP door.

mod argos;
mod audit;
mod backtest;
mod bad_input;
mod biometry;
mod challenges;
mod consent;
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
mod rules;
mod tokens;
