//! The service through its HTTP door.

mod bad_input;
mod biometry;
mod consent;
mod fremis;
mod native;
mod opencv_cloud;
mod opencv_onprem;
mod operation;
mod tokens;
