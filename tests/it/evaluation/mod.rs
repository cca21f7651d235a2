//! The evaluation on made vectors whose truth is known, and its command's refusals.

mod command;
mod liveness_page;
mod made_people;
mod recall;
