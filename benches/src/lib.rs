//! What a response costs with tower-status and with what a user would pick instead, as [`Case`]s: the same work, done by
//! one of them. `report` runs all of them, `instructions` and `allocations` one.

// A measurement that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::missing_panics_doc)]
// The services of the table fail with errors of several types, or never.
#![allow(clippy::unnecessary_wraps)]

use std::fmt;

mod rows;
mod service;

/// Does its work as often as it is told.
pub type Run = Box<dyn FnMut(u64)>;

/// One way to do a piece of work.
pub struct Case {
    /// The kind of work: a row of the table.
    pub row: &'static str,
    /// How much of it; the first of a row is 1x.
    pub work: &'static str,
    /// Who does it; `base: ` and a name: what the others of this row and work cost before they do anything;
    /// `floor: `: what nobody can go below.
    pub who: &'static str,
    /// Sets it up.
    pub make: Box<dyn Fn() -> Run>,
}

impl Case {
    /// Whether the base of its work is taken off: it is neither that itself, nor a floor that does nothing else.
    pub fn is_net(&self) -> bool {
        !self.who.starts_with("base: ") && !self.who.starts_with("floor: ")
    }

    /// Names it on a command line.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.row, self.work, self.who)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// All cases, those of a row and its work together.
///
/// The log's are last: once someone reads it, nobody can stop.
pub fn cases() -> Vec<Case> {
    let mut table = rows::Table::default();
    for row in [
        rows::pass,
        rows::evaluate,
        rows::not_modified,
        rows::tag,
        rows::json,
        rows::bare,
        rows::html,
        rows::accept,
        rows::grpc,
        rows::logged,
    ] {
        row(&mut table);
    }
    table.cases
}

/// The case of this name.
pub fn case(id: &str) -> Option<Case> {
    cases().into_iter().find(|case| case.id() == id)
}
