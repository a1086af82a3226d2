//! The condition fields of a request (RFC 9110 §13.1): borrowed for one evaluation, or owned until the response arrives.

use http::{HeaderMap, HeaderName, HeaderValue, header, header::GetAll};

/// The lines of one header field.
#[derive(Debug, Default)]
pub(crate) enum FieldLines<'a> {
    #[default]
    Absent,
    One(&'a HeaderValue),
    Several(GetAll<'a, HeaderValue>),
}

impl<'a> FieldLines<'a> {
    pub(crate) fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let all = headers.get_all(name);
        let mut lines = all.iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(line), None) => Self::One(line),
            (Some(_), Some(_)) => Self::Several(all),
        }
    }

    pub(crate) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    #[inline]
    pub(crate) fn any(&self, mut predicate: impl FnMut(&[u8]) -> bool) -> bool {
        match self {
            Self::Absent => false,
            Self::One(line) => predicate(line.as_bytes()),
            Self::Several(lines) => lines.iter().any(|line| predicate(line.as_bytes())),
        }
    }

    /// Returns the value of a field that must not be a list, without the white space around it (RFC 9110 §5.5).
    pub(crate) fn single(&self) -> Option<&'a [u8]> {
        if let Self::One(line) = self { Some(line.as_bytes().trim_ascii()) } else { None }
    }
}

/// The fields that decide whether a response is a 304 or a 412.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "they are named after the header fields")]
pub(crate) struct ConditionFields<'a> {
    pub(crate) if_match: FieldLines<'a>,
    pub(crate) if_unmodified_since: FieldLines<'a>,
    pub(crate) if_none_match: FieldLines<'a>,
    pub(crate) if_modified_since: FieldLines<'a>,
}

impl<'a> ConditionFields<'a> {
    /// Finds the fields in one pass, which is faster than hashing four names.
    #[inline]
    pub(crate) fn of(request: &'a HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in request {
            let lines = match *name {
                header::IF_MATCH => &mut fields.if_match,
                header::IF_UNMODIFIED_SINCE => &mut fields.if_unmodified_since,
                header::IF_NONE_MATCH => &mut fields.if_none_match,
                header::IF_MODIFIED_SINCE => &mut fields.if_modified_since,
                _ => continue,
            };
            *lines = match lines {
                FieldLines::Absent => FieldLines::One(value),
                FieldLines::One(_) | FieldLines::Several(_) => FieldLines::Several(request.get_all(name)),
            };
        }
        fields
    }

    /// Clones the values; allocates only for a field of several lines.
    pub(super) fn to_owned(&self) -> ConditionalHeaders {
        let mut repeated = HeaderMap::new();
        let mut keep = |lines: &FieldLines<'_>, name: HeaderName| match lines {
            FieldLines::Absent => None,
            FieldLines::One(line) => Some((*line).clone()),
            FieldLines::Several(lines) => {
                for line in lines {
                    let _ = repeated.try_append(&name, line.clone());
                }
                lines.iter().next().cloned()
            }
        };
        ConditionalHeaders {
            if_match: keep(&self.if_match, header::IF_MATCH),
            if_unmodified_since: keep(&self.if_unmodified_since, header::IF_UNMODIFIED_SINCE),
            if_none_match: keep(&self.if_none_match, header::IF_NONE_MATCH),
            if_modified_since: keep(&self.if_modified_since, header::IF_MODIFIED_SINCE),
            repeated,
        }
    }

    /// Returns whether there is a condition for a method that reads.
    pub(super) fn any_present(&self) -> bool {
        self.any_deciding_change() || self.if_modified_since.is_present()
    }

    /// Returns whether there is a condition for a method that changes state: If-Modified-Since is none (RFC 9110 §13.1.3).
    pub(super) fn any_deciding_change(&self) -> bool {
        [&self.if_match, &self.if_unmodified_since, &self.if_none_match].into_iter().any(FieldLines::is_present)
    }
}

/// The condition fields of one request, kept until the representation is known.
#[derive(Clone, Debug, Default)]
pub(super) struct ConditionalHeaders {
    if_match: Option<HeaderValue>,
    if_unmodified_since: Option<HeaderValue>,
    if_none_match: Option<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
    /// All lines of each field that has several.
    repeated: HeaderMap,
}

impl ConditionalHeaders {
    pub(super) fn from_headers(request: &HeaderMap) -> Self {
        ConditionFields::of(request).to_owned()
    }

    pub(super) fn fields(&self) -> ConditionFields<'_> {
        ConditionFields {
            if_match: self.lines(self.if_match.as_ref(), &header::IF_MATCH),
            if_unmodified_since: self.lines(self.if_unmodified_since.as_ref(), &header::IF_UNMODIFIED_SINCE),
            if_none_match: self.lines(self.if_none_match.as_ref(), &header::IF_NONE_MATCH),
            if_modified_since: self.lines(self.if_modified_since.as_ref(), &header::IF_MODIFIED_SINCE),
        }
    }

    fn lines<'a>(&'a self, first: Option<&'a HeaderValue>, name: &HeaderName) -> FieldLines<'a> {
        match first {
            None => FieldLines::Absent,
            Some(_) if self.repeated.contains_key(name) => FieldLines::Several(self.repeated.get_all(name)),
            Some(line) => FieldLines::One(line),
        }
    }
}
