//! The service through its HTTP door.

mod argos;
mod bad_input;
mod biometry;
mod consent;
mod fremis;
mod native;
mod operation;
mod tokens;
