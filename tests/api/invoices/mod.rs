//! Invoices, from the draft to the due day.

mod from_contract;
mod from_lines;
mod issued;
