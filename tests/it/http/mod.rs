//! The service through its HTTP door.

mod argos;
mod backtest;
mod bad_input;
mod biometry;
mod consent;
mod documented;
mod enrolment;
mod fremis;
mod galleries;
mod native;
mod opencv_cloud;
mod opencv_onprem;
mod operation;
mod risetai;
mod risetai_errors;
mod rules;
mod tokens;
