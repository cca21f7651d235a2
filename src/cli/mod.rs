//! The command line: one file a command, which parses, calls a room and prints.

pub mod eval;
