//! [`Status`](tower_status::Status) and the catalogue.

mod catalog;
mod conversions;
mod setters;
