//! The error that led to a status, with its chain of causes.

use std::{error::Error, io, iter, sync::Arc};

use smallvec::SmallVec;

use super::{Status, hidden::Hidden};
use crate::IntoStatus;

/// The cause of an error where its type says another one than `Error::source`, or says it where that does not.
pub type CauseOf = for<'a> fn(&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)>;

/// Of the types that are known so far; there is seldom one.
type Causes = SmallVec<[CauseOf; 1]>;

/// Causes that are followed, so that a chain that leads back to itself ends.
pub(crate) const LINKS: usize = 128;

/// An error, and which of its causes is meant.
#[derive(Clone)]
pub(crate) struct Source {
    root: Arc<dyn Error + Send + Sync>,
    depth: usize,
    /// Whether the root said itself that it only carries its cause.
    pub(crate) carries: bool,
    causes: Causes,
}

impl Source {
    pub(crate) fn new(root: Arc<dyn Error + Send + Sync>) -> Self {
        Self { root, depth: 0, carries: false, causes: Causes::new() }
    }

    /// An application's own error, which may answer as a carrier for its cause.
    pub(crate) fn of<E: IntoStatus>(error: E, carries: bool) -> Self {
        Self { carries, ..Self::new(error.__into_source()) }.knowing(E::__CAUSE)
    }

    pub(crate) fn knowing(mut self, causes: impl IntoIterator<Item = CauseOf>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// The error that is meant.
    pub(crate) fn error(&self) -> Option<&(dyn Error + 'static)> {
        self.chain().nth(self.depth)
    }

    /// The whole chain, from the outermost error on.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let mut causes = self.causes.clone();
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.root);
        iter::from_fn(move || {
            let error = next?;
            // What was said of this cause by a status knows its type.
            if let Some(said) = error.downcast_ref::<Status>().and_then(Status::source_link) {
                causes.extend_from_slice(&said.causes);
            }
            next = causes.iter().find_map(|known| known(error)).or_else(|| cause(error));
            Some(error)
        })
        .take(LINKS)
    }

    #[cfg(feature = "anyhow")]
    pub(crate) fn is<E: Error + 'static>(&self) -> bool {
        self.root.is::<E>()
    }

    pub(crate) fn at(&self, depth: usize) -> Self {
        Self { depth, ..self.clone() }
    }
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // `io::Error::source` skips the error that it was made of.
    if let Some(Hidden(status)) = error.downcast_ref() {
        return Some(status);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
