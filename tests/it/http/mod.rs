//! The service through its HTTP door.

mod bad_input;
mod biometry;
mod consent;
mod fremis;
mod native;
mod operation;
mod risetai;
mod risetai_errors;
mod tokens;
