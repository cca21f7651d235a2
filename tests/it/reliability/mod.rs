//! The real program under load, faults and hostile input, driven from outside: what was acknowledged is kept,
//! nothing takes the service down, and it rests when nothing is asked of it.

mod corpus;
mod crash;
mod damage;
mod formats;
mod fuzzed;
mod kept;
mod load;
mod memory;
mod pressure;
mod receiver;
mod service;
mod targets;
