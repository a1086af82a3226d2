//! The values of a request that [`capture`](crate::StatusMapLayer::capture) keeps.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

use http::request;

/// Reads a value, and adds it to those of the other types.
type ReadRequest = dyn Fn(&request::Parts, Option<Captured>) -> Captured + Send + Sync;

/// An option of the layer: a closure, and the type of its value.
#[derive(Clone)]
pub(crate) struct Capture {
    read: Arc<ReadRequest>,
    of: TypeId,
}

impl Capture {
    pub(crate) fn new<T: Send + Sync + 'static>(read: impl Fn(&request::Parts) -> T + Send + Sync + 'static) -> Self {
        let read = move |parts: &request::Parts, next| Captured(Box::new(Link { value: read(parts), next }));
        Self { read: Arc::new(read), of: TypeId::of::<T>() }
    }

    /// Adds a closure. One for the same type is replaced.
    pub(crate) fn add_to(self, captures: &mut Vec<Self>) {
        captures.retain(|capture| capture.of != self.of);
        captures.push(self);
    }
}

/// The values that were captured, one of each type: one allocation per value.
pub(crate) struct Captured(Box<dyn AnyLink>);

impl Captured {
    /// Calls each closure once.
    pub(crate) fn read(parts: &request::Parts, captures: &[Capture]) -> Option<Self> {
        captures.iter().fold(None, |next, capture| Some((capture.read)(parts, next)))
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.value().downcast_ref().or_else(|| self.0.next()?.get())
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured").finish_non_exhaustive()
    }
}

struct Link<T> {
    value: T,
    next: Option<Captured>,
}

trait AnyLink: Send + Sync {
    fn value(&self) -> &dyn Any;
    fn next(&self) -> Option<&Captured>;
}

impl<T: Send + Sync + 'static> AnyLink for Link<T> {
    fn value(&self) -> &dyn Any {
        &self.value
    }

    fn next(&self) -> Option<&Captured> {
        self.next.as_ref()
    }
}
