//! What `#[derive(IntoStatus)]` writes; no part of the public API, and it changes with any version.

pub use std::{
    convert::From,
    error::Error,
    fmt::{Binary, Debug, Display, LowerExp, LowerHex, Octal, Pointer, UpperExp, UpperHex},
    format, format_args,
    marker::{Send, Sync},
    option::Option,
};
use std::{
    fmt::{self, Write},
    time::Duration,
};

#[cfg(feature = "axum")]
pub use ::axum::response as axum;
use http::{StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
pub use serde::Serialize;
#[cfg(feature = "tonic")]
pub use tonic;

use crate::warning::warning;
pub use crate::{Documented, DocumentedStatus, IntoStatus, Status, catalog::GrpcCode, status::CauseOf};

/// The derive has checked that it is a status code.
pub const fn code(code: u16) -> StatusCode {
    match StatusCode::from_u16(code) {
        Ok(code) => code,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of an error that answers for another one.
pub fn transparent<E: IntoStatus>(error: &E) -> Status {
    let mut status = error.status();
    status.set_detail_from(error);
    status
}

/// One member of the problem document.
pub fn extension<T: Serialize + ?Sized>(status: Status, name: &'static str, value: &T) -> Status {
    status.with_extension(name, value)
}

/// How long to wait, in a field's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how long to wait: it does not implement `RetryAfter`",
    label = "neither a `Duration` nor whole seconds as an integer, nor an `Option` of these",
    note = "`RetryAfter` cannot be implemented for other types: give the field the type `Duration`"
)]
pub trait RetryAfter {
    /// `None`: nobody knows.
    fn delay(&self) -> Option<Duration>;
}

impl RetryAfter for Duration {
    fn delay(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl<T: RetryAfter> RetryAfter for Option<T> {
    fn delay(&self) -> Option<Duration> {
        self.as_ref()?.delay()
    }
}

macro_rules! seconds {
    ($($integer:ty)*) => {$(
        impl RetryAfter for $integer {
            fn delay(&self) -> Option<Duration> {
                // What is past needs no wait.
                Some(Duration::from_secs(u64::try_from(*self).unwrap_or(0)))
            }
        }
    )*};
}

seconds! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

/// Sets nothing where the field is `None`.
pub fn retry_after<T: RetryAfter + ?Sized>(status: Status, delay: &T) -> Status {
    match delay.delay() {
        Some(delay) => status.with_retry_after(delay),
        None => status,
    }
}

/// A field that is the whole Location.
pub fn location<T: Display + ?Sized>(status: Status, location: &T) -> Status {
    located(status, text(format_args!("{location}")))
}

/// A Location with fields in it.
pub fn location_of(status: Status, literals: &[&str], values: &[fmt::Arguments<'_>]) -> Status {
    located(status, reference(literals, values))
}

/// The URI reference of this occurrence with fields in it.
pub fn instance_of(status: Status, literals: &[&str], values: &[fmt::Arguments<'_>]) -> Status {
    status.with_instance(reference(literals, values).unwrap_or_default())
}

fn located(status: Status, location: Option<String>) -> Status {
    let code = status.code();
    let status = status.with_header(header::LOCATION, location.unwrap_or_default());
    if status.code() != code {
        // The status's source says so too, but the error itself takes the source's place.
        warning!("the Location of {code} is malformed, or a field in it would leave its place in the path");
    }
    status
}

/// A Display that fails has no text.
fn text(value: fmt::Arguments<'_>) -> Option<String> {
    let mut text = String::new();
    text.write_fmt(value).ok()?;
    Some(text)
}

/// RFC 3986 §2.3: what is not unreserved could end the segment, or the path.
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The literals with a value between each two of them, percent-encoded so that it stays inside its segment of the path.
///
/// `None` where no encoding can do that: RFC 3986 §3.3 has no other way to say `.` and `..`, and an empty first segment
/// begins an authority.
fn reference(literals: &[&str], values: &[fmt::Arguments<'_>]) -> Option<String> {
    let mut uri = String::new();
    // Where values stand.
    let mut places = Vec::new();
    let mut values = values.iter();
    for literal in literals {
        uri.push_str(literal);
        if let Some(value) = values.next() {
            let start = uri.len();
            uri.extend(utf8_percent_encode(&text(*value)?, IN_SEGMENT));
            places.push((start, uri.len()));
        }
    }
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        let has_value = places.iter().any(|&(from, to)| start <= from && to <= end);
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        if has_value && matches!(&*dots, "" | "." | "..") {
            return None;
        }
        start = end + 1;
    }
    Some(uri)
}

/// A cause, however its field holds it: called as a method, so that what dereferences to an error is one.
pub trait Cause {
    /// The error itself.
    fn __as_cause(&self) -> &(dyn Error + 'static);
}

impl<T: Error + 'static> Cause for T {
    fn __as_cause(&self) -> &(dyn Error + 'static) {
        self
    }
}

macro_rules! cause {
    ($($object:ty;)*) => {$(
        impl Cause for $object {
            fn __as_cause(&self) -> &(dyn Error + 'static) {
                self
            }
        }
    )*};
}

cause! { dyn Error; dyn Error + Send; dyn Error + Send + Sync; }

/// A field of an error: of a type that is neither `Send` nor `Sync` a method says both in one message.
#[derive(Debug)]
pub struct Field<T>(T);

impl<T: Send + Sync> Field<T> {
    /// As the error itself must be.
    pub const fn must_be_send_and_sync() {}
}

/// Says at the field that the error inside has no status.
pub const fn answers_for_itself<T: IntoStatus>() {}
