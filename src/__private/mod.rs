//! The items that `#[derive(IntoStatus)]` uses. Not part of the public API: they change with any version.

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

mod member;

#[cfg(feature = "aide")]
pub use ::aide;
#[cfg(feature = "axum")]
pub use ::axum::response as axum;
#[cfg(feature = "connectrpc")]
pub use connectrpc;
use http::{StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
pub use serde::Serialize;
#[cfg(feature = "tonic")]
pub use tonic;
#[cfg(feature = "utoipa")]
pub use utoipa;

use crate::warning::warning;
pub use crate::{
    Documented, DocumentedStatus, IntoStatus, MemberSchema, Status,
    catalog::GrpcCode,
    status::{Cause, CauseOf},
};
// The derive repeats these lists, and its tests compare them.
pub use crate::{
    catalog::grpc::GRPC_CODES,
    status::{FRAMING, RESERVED, SINGLE},
};

pub use member::{AnyMember, KnownMember, Member};

/// Returns the status code, which the derive has checked.
pub const fn code(code: u16) -> StatusCode {
    match StatusCode::from_u16(code) {
        Ok(code) => code,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The types of a field that is the status code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `code`",
    label = "expected `http::StatusCode`",
    note = "`Code` cannot be implemented for other types: change the type of the field"
)]
pub trait Code {
    /// Returns the status code.
    fn code(&self) -> StatusCode;
}

impl Code for StatusCode {
    fn code(&self) -> StatusCode {
        *self
    }
}

/// Returns the status of a code that a field sets at run time.
pub fn status_of<T: Code>(code: &T) -> Status {
    let code = code.code();
    if code.as_u16() < 300 {
        warning!("an error has the status code {code}, which is not that of an error: the response is a 500");
        return Status::internal_server_error();
    }
    Status::new(code)
}

/// Sets the name of the variant or the struct.
pub fn named(status: Status, name: &'static str) -> Status {
    status.with_name(name)
}

/// Sets the error's `Display` as the detail.
pub fn detail_of<E: Display>(mut status: Status, error: &E) -> Status {
    status.set_detail_from(error);
    status
}

/// Returns the responses of an error type for utoipa.
#[cfg(feature = "utoipa")]
pub fn utoipa_responses<E: IntoStatus>() -> UtoipaResponses {
    crate::openapi::utoipa_responses_of::<E>()
}

/// The responses of an operation for utoipa.
#[cfg(feature = "utoipa")]
pub type UtoipaResponses =
    std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>>;

/// Returns the response of a single error for aide.
#[cfg(feature = "aide")]
pub fn aide_response() -> Option<aide::openapi::Response> {
    crate::openapi::aide_response()
}

/// Adds the responses of an error type to an operation of aide.
#[cfg(feature = "aide")]
pub fn aide_responses<E: IntoStatus>(operation: &mut aide::openapi::Operation) -> AideResponses {
    crate::openapi::aide_responses_of::<E>(operation)
}

/// The types in the signatures of aide's trait.
#[cfg(feature = "aide")]
pub type AideResponses = Vec<(Option<u16>, aide::openapi::Response)>;

/// Returns the documentation of an inner error.
pub const fn documented<E: IntoStatus>(type_name: &'static str) -> Documented {
    Documented::from_list(E::STATUSES, type_name)
}

/// Returns the status in the chain of a carried error, without its source. The layer may find another one that takes
/// precedence.
pub fn carried(cause: Option<Cause<'_>>) -> Status {
    let own = cause.and_then(Cause::status).cloned();
    Status::provisional(own.map(Status::without_source))
}

/// Returns the status of the inner error.
pub fn transparent<E: IntoStatus>(error: &E) -> Status {
    let mut status = error.status();
    status.set_detail_from(error);
    status
}

/// Adds an extension member.
pub fn extension<T: Serialize + ?Sized>(status: Status, name: &'static str, value: &T, is_public: bool) -> Status {
    if is_public { status.with_public_extension(name, value) } else { status.with_extension(name, value) }
}

/// The types of a field that is the Retry-After.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `retry_after`",
    label = "expected a `Duration`, an integer number of seconds, or an `Option` of one of these",
    note = "`RetryAfter` cannot be implemented for other types: change the type of the field to `Duration`"
)]
pub trait RetryAfter {
    /// Returns the delay, if it is known.
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
                // A negative delay has passed.
                Some(Duration::from_secs(u64::try_from(*self).unwrap_or(0)))
            }
        }
    )*};
}

seconds! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

/// Sets Retry-After, unless the delay is `None`.
pub fn retry_after<T: RetryAfter + ?Sized>(status: Status, delay: &T) -> Status {
    match delay.delay() {
        Some(delay) => status.with_retry_after(delay),
        None => status,
    }
}

/// Sets Location to a field.
pub fn location<T: Display + ?Sized>(status: Status, location: &T) -> Status {
    with_location(status, text(format_args!("{location}")))
}

/// Sets Location to a template with fields.
pub fn location_of(status: Status, literals: &[&str], values: &[fmt::Arguments<'_>]) -> Status {
    with_location(status, reference(literals, values))
}

/// Sets the instance to a template with fields.
pub fn instance_of(status: Status, literals: &[&str], values: &[fmt::Arguments<'_>]) -> Status {
    status.with_instance(reference(literals, values).unwrap_or_default())
}

fn with_location(status: Status, location: Option<String>) -> Status {
    let code = status.code();
    let status = status.with_header(header::LOCATION, location.unwrap_or_default());
    if status.code() != code {
        // The source of the new status explains it, too, but is replaced by the error itself.
        warning!("the Location of {code} is malformed, or a field does not stay in its path segment");
    }
    status
}

/// Returns the text, or `None` if `Display` fails.
fn text(value: fmt::Arguments<'_>) -> Option<String> {
    let mut text = String::new();
    text.write_fmt(value).ok()?;
    Some(text)
}

/// RFC 3986 §2.3: any character that is not unreserved could end the segment or the path.
const NOT_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Joins the literals with a value between each two of them, percent-encoded so that it stays in its path segment.
///
/// Returns `None` where no encoding can do that: `.` and `..` have no other form (RFC 3986 §3.3), and after an empty
/// first segment the rest is an authority.
fn reference(literals: &[&str], values: &[fmt::Arguments<'_>]) -> Option<String> {
    let mut uri = String::new();
    let mut ranges = Vec::new();
    let mut values = values.iter();
    for literal in literals {
        uri.push_str(literal);
        if let Some(value) = values.next() {
            let start = uri.len();
            uri.extend(utf8_percent_encode(&text(*value)?, NOT_IN_SEGMENT));
            ranges.push((start, uri.len()));
        }
    }
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        let has_value = ranges.iter().any(|&(from, to)| start <= from && to <= end);
        let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
        if has_value && matches!(&*decoded, "" | "." | "..") {
            return None;
        }
        start = end + 1;
    }
    Some(uri)
}

/// Returns the error in a field. A method, so that auto-dereferencing finds the error in any pointer.
pub trait AsCause {
    /// Returns the error.
    fn __as_cause(&self) -> Cause<'_>;
}

impl<T: Error + 'static> AsCause for T {
    fn __as_cause(&self) -> Cause<'_> {
        Cause::Error(self)
    }
}

macro_rules! cause {
    ($($object:ty;)*) => {$(
        impl AsCause for $object {
            fn __as_cause(&self) -> Cause<'_> {
                Cause::Error(self)
            }
        }
    )*};
}

/// Returns the report in a field. A second trait, because a report may become an error with any version of its crate.
pub trait ReportAsCause {
    /// Returns the report, whose contexts its error does not show.
    fn __as_cause(&self) -> Cause<'_>;
}

#[cfg(feature = "anyhow")]
impl ReportAsCause for anyhow::Error {
    fn __as_cause(&self) -> Cause<'_> {
        Cause::Anyhow(self)
    }
}

#[cfg(feature = "eyre")]
impl ReportAsCause for eyre::Report {
    fn __as_cause(&self) -> Cause<'_> {
        Cause::Eyre(self)
    }
}

cause! { dyn Error; dyn Error + Send; dyn Error + Send + Sync; }

/// The type of an error's field. A method names both missing bounds in one message; a trait bound needs two.
#[derive(Debug)]
pub struct Field<T>(T);

impl<T: Send + Sync> Field<T> {
    /// Compiles if the type is both.
    pub const fn must_be_send_and_sync() {}
}

/// Compiles if the error of a `transparent` field has a status.
pub const fn must_have_a_status<T: IntoStatus>() {}

/// The derive implements it for every type, so that a type without `Error` is one error, which shows this line.
#[rustfmt::skip]
pub trait ImplementsError: Error {} // add `#[derive(thiserror::Error)]`, or implement `std::error::Error` by hand
