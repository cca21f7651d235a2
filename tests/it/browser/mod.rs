//! The console in a real browser: Chromium, driven by its own driver, over the real service.

mod axe;
mod driver;
mod journey;
mod project;
mod rules;
mod service;
mod webdriver;
