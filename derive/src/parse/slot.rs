//! The value of one key, which may be written once.

use proc_macro2::Span;

use crate::errors::Errors;

/// The span and the value of a key; the value is `None` if it was invalid, which is already reported.
pub(crate) struct Slot<T>(Option<(Span, Option<T>)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(crate) fn span(&self) -> Option<Span> {
        self.0.as_ref().map(|(span, _)| *span)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()?.1.as_ref()
    }

    /// Sets the value, or reports a duplicate.
    pub(super) fn set(&mut self, span: Span, value: Option<T>, name: &str, errors: &mut Errors) {
        if self.is_set() {
            errors.at(span, format!("duplicate key `{name}`"));
        } else {
            self.0 = Some((span, value));
        }
    }
}
