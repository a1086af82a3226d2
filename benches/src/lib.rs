//! What a request costs with tower-status, and by hand or with another crate. Each [`Case`] is the same work, done one way.
//!
//! `benches/report` runs all cases and writes RESULTS.md; `benches/gate` compares some of them with gate.txt.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::missing_panics_doc)] // it ends with a message
#![allow(clippy::unnecessary_wraps)] // services that never fail, beside those that do

use std::fmt;

mod rows;
pub mod server;
mod service;

/// Does the work this number of times.
pub type Run = Box<dyn FnMut(u64)>;

/// One way to do a piece of work.
pub struct Case {
    /// The kind of work: a row of the table.
    pub row: &'static str,
    /// Its size or its input.
    pub work: &'static str,
    /// Who does it. `base: ` and a name: what all others of this row and size need, too.
    pub who: &'static str,
    /// Sets it up.
    pub make: Box<dyn Fn() -> Run>,
}

impl Case {
    /// Returns its name on a command line.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.row, self.work, self.who)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// Returns all cases. Those of a row and size are neighbors.
///
/// The ones with a log are last: a subscriber cannot be removed.
pub fn cases() -> Vec<Case> {
    let mut table = rows::Table::default();
    table.cases = server::cases();
    for row in [
        rows::pass,
        rows::evaluate,
        rows::not_modified,
        rows::into_response,
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

/// Checks that all ways of doing the same work send the same response.
///
/// # Panics
///
/// If two responses differ.
pub fn check() {
    rows::check();
    server::check();
}

/// Returns the case of this name.
pub fn case(id: &str) -> Option<Case> {
    cases().into_iter().find(|case| case.id() == id)
}
