//! The error that led to a status, with its chain of causes.

use std::{
    any::type_name,
    error::Error,
    fmt::{self, Write},
    io, iter,
    sync::Arc,
};

use super::{Status, status_source::StatusSource};
use crate::BoxError;

/// A link of a chain of causes.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// An error. Its cause is the next link.
    Error(&'a (dyn Error + 'static)),
    /// A report, which may have contexts. The error in it is the next link.
    #[cfg(feature = "anyhow")]
    Anyhow(&'a anyhow::Error),
    /// A report, which may have contexts. The error in it is the next link.
    #[cfg(feature = "eyre")]
    Eyre(&'a eyre::Report),
}

/// A function that returns the cause of an error where `Error::source` leaves it out. `#[derive(IntoStatus)]` writes it.
#[doc(hidden)]
pub type CauseOf = for<'a> fn(&'a (dyn Error + 'static)) -> Option<Cause<'a>>;

/// The limit of links that are followed, so that a chain that leads back to itself ends.
pub(crate) const LINKS: usize = 128;

/// The limit of nested statuses. Dropping one drops the next, which takes stack.
const STATUSES: usize = 64;

/// The limit of the text of a dropped chain, in bytes.
const TEXT: usize = 8 * 1024;

/// Cuts a text of more bytes than the limit between two characters, and appends `…`. Returns whether it was cut.
pub(crate) fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text.push('…');
    true
}

impl<'a> Cause<'a> {
    /// Returns the error of this type: also from a `Box` or an `Arc`, and as the context of a report.
    pub(crate) fn find<E: Error + Send + Sync + 'static>(self) -> Option<&'a E> {
        // `downcast_ref` of a report also finds the errors of its chain, which are links of their own: only a context counts.
        #[cfg(any(feature = "anyhow", feature = "eyre"))]
        macro_rules! context {
            ($report:expr) => {{
                let found = $report.downcast_ref().or_else(|| $report.downcast_ref::<Box<E>>().map(|error| &**error));
                let found: &E = found.or_else(|| $report.downcast_ref::<Arc<E>>().map(|error| &**error))?;
                let mut in_chain = $report.chain().filter_map(downcast::<E>);
                (!in_chain.any(|error| std::ptr::eq(error, found))).then_some(found)
            }};
        }
        match self {
            Self::Error(error) => downcast(error),
            #[cfg(feature = "anyhow")]
            Self::Anyhow(report) => context!(report),
            #[cfg(feature = "eyre")]
            Self::Eyre(report) => context!(report),
        }
    }

    /// Returns the error of this link; for a report, its outermost error.
    pub(crate) fn error(self) -> &'a (dyn Error + 'static) {
        match self {
            Self::Error(error) => error,
            #[cfg(feature = "anyhow")]
            Self::Anyhow(report) => &**report,
            #[cfg(feature = "eyre")]
            Self::Eyre(report) => &**report,
        }
    }

    /// Returns whether this is a report: its error is the next link.
    pub(crate) fn is_report(self) -> bool {
        !matches!(self, Self::Error(_))
    }

    /// Returns whether this is an `Arc<dyn Error>`, which only shares its error.
    pub(crate) fn is_shared(self) -> bool {
        !self.is_report() && shared(self.error()).is_some()
    }

    /// Returns the first status in the chain, from this link on, whose code is known.
    pub(crate) fn status(self) -> Option<&'a Status> {
        let links = iter::successors(Some(self), |link| link.next()).take(LINKS);
        links.filter_map(Cause::find::<Status>).find(|status| !status.is_carrier())
    }

    /// Returns the next link.
    fn next(self) -> Option<Cause<'a>> {
        if self.is_report() {
            return Some(Self::Error(self.error()));
        }
        let error = self.error();
        if let Some(StatusSource(status)) = error.downcast_ref() {
            return Some(Self::Error(status));
        }
        if let Some(source) = downcast::<Status>(error).and_then(Status::source_link) {
            return if source.depth == 0 { Some(source.root.cause()) } else { source.error().map(Self::Error) };
        }
        // `io::Error::source` skips the error that it was created with.
        let inner = downcast::<io::Error>(error).and_then(io::Error::get_ref).map(|error| error as _);
        inner.or_else(|| shared(error)).or_else(|| error.source()).map(Self::Error)
    }
}

/// Returns the error of this type, also from a `Box` or an `Arc`.
pub(super) fn downcast<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error
        .downcast_ref()
        .or_else(|| error.downcast_ref::<Box<E>>().map(|error| &**error))
        .or_else(|| error.downcast_ref::<Arc<E>>().map(|error| &**error))
}

/// Returns the error in an `Arc<dyn Error>`, whose `source` skips it.
fn shared<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**shared);
    }
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send>>() {
        return Some(&**shared);
    }
    error.downcast_ref::<Arc<dyn Error>>().map(|shared| &**shared)
}

/// The outermost error.
#[derive(Clone)]
pub(crate) enum Root {
    Error(Arc<dyn Error + Send + Sync>),
    #[cfg(feature = "anyhow")]
    Anyhow(Arc<anyhow::Error>),
    #[cfg(feature = "eyre")]
    Eyre(Arc<eyre::Report>),
}

impl Root {
    pub(super) fn cause(&self) -> Cause<'_> {
        match self {
            Self::Error(error) => Cause::Error(&**error),
            #[cfg(feature = "anyhow")]
            Self::Anyhow(report) => Cause::Anyhow(report),
            #[cfg(feature = "eyre")]
            Self::Eyre(report) => Cause::Eyre(report),
        }
    }

    /// Returns the status that the error is, or that the report finds among its contexts and causes.
    #[cfg(any(feature = "anyhow", feature = "eyre"))]
    pub(super) fn status(&self) -> Option<&Status> {
        match self {
            Self::Error(error) => error.downcast_ref(),
            #[cfg(feature = "anyhow")]
            Self::Anyhow(report) => report.downcast_ref(),
            #[cfg(feature = "eyre")]
            Self::Eyre(report) => report.downcast_ref(),
        }
    }
}

/// An error, and the link of its chain that is referred to.
#[derive(Clone)]
pub(crate) struct Source {
    root: Root,
    depth: usize,
    /// Whether the root has the status of its cause.
    pub(crate) carries: bool,
    causes: Vec<CauseOf>,
    /// The number of nested statuses in the chain.
    statuses: usize,
    /// The type of the root, where it is known.
    type_name: Option<&'static str>,
}

impl Source {
    pub(crate) fn new(error: Arc<dyn Error + Send + Sync>) -> Self {
        Root::Error(error).into()
    }

    /// Creates the source from a boxed error and the name of its type.
    pub(super) fn boxed(error: BoxError, type_name: &'static str) -> Self {
        Self { type_name: of_an_error(type_name), ..Self::new(Arc::from(error)) }
    }

    /// Returns the type of the outermost error, where it is known.
    pub(crate) fn type_name(&self) -> Option<&'static str> {
        self.type_name
    }

    /// Creates the source from an error of the application. `carries`: it may have the status of its cause.
    pub(super) fn of_type<E>(error: Arc<dyn Error + Send + Sync>, cause: Option<CauseOf>, carries: bool) -> Self {
        let type_name = of_an_error(type_name::<E>());
        Self { carries, type_name, ..Self::new(error) }.with_causes(cause)
    }

    /// Adds causes that `Error::source` leaves out.
    pub(crate) fn with_causes(mut self, causes: impl IntoIterator<Item = CauseOf>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// Replaces a chain of too many statuses by its text.
    pub(super) fn bounded(mut self) -> Self {
        let outermost = self.chain().find_map(Cause::find::<Status>);
        let inside = |status: &Status| status.source_link().map_or(0, |source| source.statuses);
        self.statuses = outermost.map_or(0, |status| 1 + inside(status));
        if self.statuses <= STATUSES { self } else { Self::new(Arc::new(Dropped(self.text()))) }
    }

    /// Returns the text of the chain, cut between characters.
    fn text(&self) -> String {
        let mut text = String::new();
        for link in self.chain().filter(|link| !link.is_report()) {
            let separator = if text.is_empty() { "" } else { ": " };
            // If Display fails, the text so far is kept.
            let _ = write!(text, "{separator}{}", link.error());
            if cut(&mut text, TEXT) {
                break;
            }
        }
        text
    }

    /// Returns the error that is referred to.
    pub(crate) fn error(&self) -> Option<&(dyn Error + 'static)> {
        self.chain().nth(self.depth).map(Cause::error)
    }

    /// Returns whether the error that is referred to is of this type: also in a `Box` or an `Arc`, or as a context.
    pub(crate) fn is<E: Error + Send + Sync + 'static>(&self) -> bool {
        self.chain().nth(self.depth).is_some_and(|link| link.find::<E>().is_some())
    }

    /// Returns the whole chain, from the outermost link on.
    pub(crate) fn chain(&self) -> impl Iterator<Item = Cause<'_>> {
        let mut causes = self.causes.clone();
        let mut next = Some(self.root.cause());
        iter::from_fn(move || {
            let link = next?;
            let error = if link.is_report() { None } else { Some(link.error()) };
            // The source of a status knows the causes of its type.
            if let Some(source) = error.and_then(downcast::<Status>).and_then(Status::source_link) {
                causes.extend_from_slice(&source.causes);
            }
            next = error.and_then(|error| causes.iter().find_map(|known| known(error))).or_else(|| link.next());
            Some(link)
        })
        .take(LINKS)
    }

    /// Returns the chain without the links that only repeat the error of a report.
    #[cfg(feature = "tracing")]
    pub(crate) fn errors(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        self.chain().filter(|link| !link.is_report()).map(Cause::error)
    }

    /// Returns the same chain, referring to another link.
    pub(crate) fn at(&self, depth: usize) -> Self {
        Self { depth, ..self.clone() }
    }

    /// Returns the backtrace of the first anyhow report that has one.
    pub(crate) fn backtrace(&self) -> Option<&std::backtrace::Backtrace> {
        self.chain().find_map(|link| match link {
            #[cfg(feature = "anyhow")]
            Cause::Anyhow(report) => {
                Some(report.backtrace()).filter(|trace| trace.status() == std::backtrace::BacktraceStatus::Captured)
            }
            _ => None,
        })
    }
}

/// Returns the name of a type without `Box` and `Arc` around it; `None` for texts and for `dyn Error`.
fn of_an_error(name: &'static str) -> Option<&'static str> {
    let inner = ["alloc::boxed::Box<", "alloc::sync::Arc<"].iter().find_map(|prefix| name.strip_prefix(prefix));
    match inner.and_then(|inner| inner.strip_suffix('>')) {
        Some(inner) => of_an_error(inner),
        None => {
            Some(name).filter(|name| !(name.contains("dyn ") || name.ends_with("str") || name.ends_with("::String")))
        }
    }
}

/// The text of a chain that was dropped.
#[derive(Debug)]
struct Dropped(String);

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Dropped {}

impl From<Root> for Source {
    fn from(root: Root) -> Self {
        Self { root, depth: 0, carries: false, causes: Vec::new(), statuses: 0, type_name: None }
    }
}

/// Takes an error of this type out of a generic value.
#[cfg(any(feature = "anyhow", feature = "eyre"))]
pub(super) fn take<T: 'static, E: 'static>(value: &mut Option<T>) -> Option<E> {
    (value as &mut dyn std::any::Any).downcast_mut::<Option<E>>()?.take()
}
