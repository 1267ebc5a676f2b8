//! Proposals, from the draft to the client's answer.

mod answer;
mod draft;
mod public;
mod send;
