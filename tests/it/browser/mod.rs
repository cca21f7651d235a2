//! The console in a real browser: Chromium, driven by its own driver, over the real service.

mod axe;
mod driver;
mod journey;
mod service;
mod webdriver;
