//! Packs through their door: sources good and bad, what lands in the cache, what is opened from it.

#![cfg(test)]

mod command;
mod helpers;
mod manifest;
mod opening;
mod package;
mod pulling;
mod url;
