//! [`InvalidHeader`]: why a status cannot have a header field.

use http::{HeaderName, HeaderValue, header};

use super::{Status, header_values};

/// Why a status cannot have a header field. Returned by [`Status::try_with_header`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHeader {
    /// The name is malformed.
    #[error("the name of the header field is malformed")]
    Name,
    /// The value is malformed, or empty where the status code requires the field.
    #[error("the value of the header field {0} is malformed")]
    Value(HeaderName),
    /// The field describes or frames the body, so that it is set with the body.
    #[error("{}", framing(.0))]
    Framing(HeaderName),
}

fn framing(name: &HeaderName) -> String {
    if *name == header::CONNECTION {
        return r#"to close the connection, return `([("connection", "close")], status)` from the handler"#.to_owned();
    }
    format!("the header field {name} describes or frames the body, so it is set with the body")
}

impl Status {
    /// Adds a header field as [`with_header`](Self::with_header) does, but returns an error for an invalid one.
    ///
    /// # Errors
    ///
    /// Returns the error if the name or the value is malformed, or if the field belongs to the body.
    ///
    /// # Example: a value from outside
    ///
    /// ```
    /// use tower_status::{InvalidHeader, Status};
    ///
    /// fn moved(to: &str) -> Result<Status, InvalidHeader> {
    ///     Status::gone().try_with_header("link", format!("<{to}>; rel=\"successor-version\""))
    /// }
    ///
    /// assert_eq!(moved("/orders/9").unwrap().headers()["link"], "</orders/9>; rel=\"successor-version\"");
    /// assert!(moved("/\r\nset-cookie: a").is_err());
    /// ```
    pub fn try_with_header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<Self, InvalidHeader> {
        let (name, value) = self.valid_header(name, value)?;
        self.set_header(name, value);
        Ok(self)
    }

    /// Returns the field if this status can have it.
    pub(super) fn valid_header(
        &self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<(HeaderName, HeaderValue), InvalidHeader> {
        let name = name.try_into().map_err(|_| InvalidHeader::Name)?;
        if header_values::is_framing(&name) {
            return Err(InvalidHeader::Framing(name));
        }
        match value.try_into().map(header_values::trimmed) {
            Ok(value) if header_values::is_valid(&name, &value, self.requires(&name)) => Ok((name, value)),
            _ => Err(InvalidHeader::Value(name)),
        }
    }
}
