//! [`Validators`]: the entity tag and the date of the current representation (RFC 9110 §8.8).

use std::time::SystemTime;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_ENCODING, ETAG, LAST_MODIFIED},
};

use super::{
    date,
    etag::{ETag, Tag},
    headers::FieldLines,
};
use crate::{response, warning::warning};

/// What is known about one validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Known<T> {
    Value(T),
    /// The representation does not have it.
    #[default]
    Absent,
    /// The representation may have it.
    Unknown,
}

impl<T> Known<T> {
    fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    /// Replaces [`Absent`](Self::Absent).
    pub(super) fn or(self, other: Self) -> Self {
        if let Self::Absent = self { other } else { self }
    }

    pub(super) fn value(self) -> Option<T> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

/// The validators of the current representation, borrowed: a response is evaluated without an allocation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Current<'a> {
    pub(super) etag: Known<Tag<'a>>,
    pub(super) last_modified: Known<i64>,
}

impl<'a> Current<'a> {
    /// Reads the same fields as [`Validators::from_headers`].
    pub(super) fn of(response: &'a HeaderMap) -> Self {
        let etag = FieldLines::of(response, &ETAG).single().and_then(Tag::parse);
        Self { etag: Known::from_option(etag), last_modified: Known::from_option(last_modified(response)) }
    }

    fn new(etag: Option<&'a ETag>, last_modified: Option<i64>) -> Self {
        Self { etag: Known::from_option(etag.map(ETag::as_tag)), last_modified: Known::from_option(last_modified) }
    }

    /// Replaces each validator that is absent.
    pub(super) fn or(self, other: Self) -> Self {
        Self { etag: self.etag.or(other.etag), last_modified: self.last_modified.or(other.last_modified) }
    }
}

/// The validators that a source returned, without further fields, kept until the response arrives.
#[derive(Debug, Default)]
pub(super) struct SourceValidators {
    etag: Option<ETag>,
    last_modified: Option<i64>,
}

impl SourceValidators {
    pub(super) fn as_current(&self) -> Current<'_> {
        Current::new(self.etag.as_ref(), self.last_modified)
    }

    /// Adds each validator that a response lacks, unless the content is encoded, because then it has another tag.
    pub(super) fn add_to(&self, response: &mut HeaderMap) {
        if response.contains_key(CONTENT_ENCODING) {
            return;
        }
        if let Some(etag) = self.etag.as_ref().filter(|_| !response.contains_key(ETAG)) {
            let _ = response.try_insert(ETAG, etag.into());
        }
        if let Some(seconds) = self.last_modified.filter(|_| !response.contains_key(LAST_MODIFIED))
            && let Some(date) = last_modified_value(seconds)
        {
            let _ = response.try_insert(LAST_MODIFIED, date);
        }
    }
}

impl From<Validators> for SourceValidators {
    fn from(validators: Validators) -> Self {
        Self { etag: validators.etag, last_modified: validators.last_modified }
    }
}

fn last_modified(response: &HeaderMap) -> Option<i64> {
    FieldLines::of(response, &LAST_MODIFIED).single().and_then(|value| date::parse(value, date::now))
}

/// Returns the value of Last-Modified, never later than now (RFC 9110 §8.8.2.1). `None` for a time that HTTP cannot
/// express: before 1970 or after 9999.
fn last_modified_value(seconds: i64) -> Option<HeaderValue> {
    date::print(seconds.min(date::now()))
}

/// The validators of the current representation (RFC 9110 §8.8), and further header fields of its 304.
///
/// All of them are optional.
///
/// # Example: a row with a version and a time
///
/// ```
/// use std::time::SystemTime;
/// use tower_status::{ETag, Validators};
///
/// let changed = SystemTime::UNIX_EPOCH;
/// let current = Validators::new()
///     .with_etag(ETag::strong("v7")?)
///     .with_last_modified(changed)
///     .with_field("cache-control", "private, max-age=60")
///     .with_field("vary", "accept");
/// assert_eq!(current.last_modified(), Some(changed));
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    etag: Option<ETag>,
    last_modified: Option<i64>,
    fields: HeaderMap,
}

impl Validators {
    /// Creates validators without an entity tag, a date or fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `ETag` and Last-Modified of a response.
    ///
    /// A field that is invalid or has several lines counts as absent: it is unknown which line a client stored. The
    /// entity tag shares the bytes of its field value; this allocates only if they were not shared before.
    ///
    /// # Example: the response of another service
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header};
    /// use tower_status::{ETag, Validators};
    ///
    /// let mut response = HeaderMap::new();
    /// response.insert(header::ETAG, HeaderValue::from_static("W/\"v7\""));
    /// assert_eq!(Validators::from_headers(&response).etag(), Some(&ETag::weak("v7")?));
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
    /// ```
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let etag = match FieldLines::of(headers, &ETAG) {
            FieldLines::One(line) => ETag::try_from(line).ok(),
            FieldLines::Absent | FieldLines::Several(_) => None,
        };
        Self { etag, last_modified: last_modified(headers), fields: HeaderMap::new() }
    }

    /// Sets the entity tag (RFC 9110 §8.8.3).
    #[must_use]
    pub fn with_etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// Sets the time of the last change (RFC 9110 §8.8.2), rounded down to the second, because HTTP has no smaller unit.
    #[must_use]
    pub fn with_last_modified(mut self, time: SystemTime) -> Self {
        self.last_modified = Some(date::seconds(time));
        self
    }

    /// Adds a header field of the 304: Cache-Control, Content-Location, Expires, Vary (RFC 9110 §15.4.5).
    ///
    /// A malformed name or value is dropped with a warning. Set the validators with the other setters. Allocates memory
    /// for the field.
    #[must_use]
    pub fn with_field(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        if let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) {
            // A full map drops it as well.
            let _ = self.fields.try_append(name, value);
        } else {
            warning!("dropped a malformed field of a 304");
        }
        self
    }

    /// Returns the entity tag.
    pub fn etag(&self) -> Option<&ETag> {
        self.etag.as_ref()
    }

    /// Returns the time of the last change, in whole seconds.
    pub fn last_modified(&self) -> Option<SystemTime> {
        self.last_modified.and_then(date::system_time)
    }

    /// Returns the further header fields of the 304.
    pub fn fields(&self) -> &HeaderMap {
        &self.fields
    }

    pub(super) fn last_modified_value(&self) -> Option<HeaderValue> {
        self.last_modified.and_then(last_modified_value)
    }

    /// Sets `ETag`, Last-Modified and the further fields of a response that has the representation.
    ///
    /// Validators that are not set leave the response's own. A Last-Modified is never later than now (RFC 9110
    /// §8.8.2.1), and left out before 1970 and after 9999. Allocates what the fields need.
    ///
    /// # Example: the response of a handler that is not axum's
    ///
    /// ```
    /// use http::Response;
    /// use tower_status::{ETag, Validators};
    ///
    /// let current = Validators::new().with_etag(ETag::strong("v7")?).with_field("cache-control", "no-cache");
    /// let mut response = Response::new("seven tulips");
    /// current.write_to(response.headers_mut());
    /// assert_eq!((&response.headers()["etag"], response.headers().len()), (&"\"v7\"".parse().unwrap(), 2));
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
    /// ```
    pub fn write_to(&self, headers: &mut HeaderMap) {
        response::headers::apply(headers, &self.fields);
        if let Some(etag) = &self.etag {
            let _ = headers.try_insert(ETAG, etag.into());
        }
        if let Some(date) = self.last_modified_value() {
            let _ = headers.try_insert(LAST_MODIFIED, date);
        }
    }

    pub(super) fn as_current(&self) -> Current<'_> {
        Current::new(self.etag.as_ref(), self.last_modified)
    }
}
