//! [`IntoStatus`], which gives an error type its status, and the conversions into [`Status`].

use std::{convert::Infallible, error::Error, io, sync::Arc};

use http::StatusCode;

#[cfg(any(feature = "anyhow", feature = "eyre"))]
use super::source::Root;
use super::{Documented, Source, Status};
use crate::BoxError;

/// Gives an error type its status: with `#[derive(IntoStatus)]` (feature `derive`, on by default) or by hand, as in the
/// examples.
///
/// Every implementor converts into [`Status`] with `?`. The error becomes the status's source, so that the log has its
/// whole chain. If [`status`](Self::status) sets no detail, the error's `Display` becomes the detail.
///
/// # Example: an application's errors
///
/// ```
/// use tower_status::{IntoStatus, Status};
///
/// #[derive(Debug, thiserror::Error)]
/// enum ShopError {
///     #[error("order {0} does not exist")]
///     NoSuchOrder(u64),
///     #[error("sign in to see orders")]
///     SignIn,
/// }
///
/// impl IntoStatus for ShopError {
///     fn status(&self) -> Status {
///         match self {
///             Self::NoSuchOrder(_) => Status::not_found(),
///             Self::SignIn => Status::unauthorized(r#"Bearer realm="shop""#),
///         }
///     }
/// }
///
/// let status = Status::from(ShopError::NoSuchOrder(8));
/// assert_eq!(status.to_string(), "404 Not Found: order 8 does not exist");
/// assert!(status.source().unwrap().is::<ShopError>());
/// ```
///
/// # Example: an error that the layer's `map_error` maps
///
/// ```
/// use tower_status::{IntoStatus, Status};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("the database failed")]
/// struct Database(#[from] std::num::ParseIntError); // in place of an error of another crate
///
/// impl IntoStatus for Database {
///     fn status(&self) -> Status {
///         Status::unresolved() // the layer maps the source of this error
///     }
/// }
/// ```
///
/// # Example: axum's `IntoResponse`
///
/// With the feature `axum`, so that handlers return `Result<_, ShopError>` and extractors have it as `Rejection`.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::response::{IntoResponse, Response};
/// use tower_status::{IntoStatus, Status};
/// # #[derive(Debug, thiserror::Error)]
/// # #[error("sold out")]
/// # struct ShopError;
/// # impl IntoStatus for ShopError {
/// #     fn status(&self) -> Status {
/// #         Status::conflict()
/// #     }
/// # }
///
/// impl IntoResponse for ShopError {
///     fn into_response(self) -> Response {
///         Status::from(self).into_response()
///     }
/// }
/// # }
/// ```
#[doc = include_str!("../recipes.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no status: it does not implement `IntoStatus`",
    label = "derive `IntoStatus` for it, or turn on the feature of tower-status for its crate; any other error of another crate becomes a 500 with `.map_err(Status::from_error)?`",
    note = "in a type that derives `IntoStatus`, use `#[status(from_error)]` for a `Status`, and for an error of another crate, which the layer's `map_error` maps",
    note = "`StatusMapLayer::recognize` is for types that implement `IntoStatus`; for an error of another crate, use `map_error`",
    note = "the errors of axum, tonic, validator, garde, anyhow and eyre need the feature of tower-status with that name"
)]
pub trait IntoStatus: Error + Send + Sync + 'static {
    /// Returns the status of this error.
    fn status(&self) -> Status;

    /// The statuses that the type can have, for documentation and tests. Default: `None`, not documented.
    const STATUSES: Option<&'static [Documented]> = None;

    /// Returns causes that `Error::source` may leave out; `#[derive(IntoStatus)]` sets it.
    #[doc(hidden)]
    const __CAUSE: Option<super::CauseOf> = None;

    /// Returns the error without `Box` and `Arc` around it.
    #[doc(hidden)]
    fn __into_source(self) -> Arc<dyn Error + Send + Sync>
    where
        Self: Sized,
    {
        Arc::new(self)
    }
}

impl IntoStatus for Infallible {
    fn status(&self) -> Status {
        match *self {}
    }

    const STATUSES: Option<&'static [Documented]> = Some(&[]);
}

/// The status of the error in the box, which is also the source of a [`Status`] that is converted from the box.
impl<E: IntoStatus> IntoStatus for Box<E> {
    fn status(&self) -> Status {
        (**self).status()
    }

    const STATUSES: Option<&'static [Documented]> = E::STATUSES;
    const __CAUSE: Option<super::CauseOf> = E::__CAUSE;

    fn __into_source(self) -> Arc<dyn Error + Send + Sync> {
        (*self).__into_source()
    }
}

/// The status of the shared error, which is also the source of a [`Status`] that is converted from the `Arc`.
impl<E: IntoStatus> IntoStatus for Arc<E> {
    fn status(&self) -> Status {
        (**self).status()
    }

    const STATUSES: Option<&'static [Documented]> = E::STATUSES;
    const __CAUSE: Option<super::CauseOf> = E::__CAUSE;

    fn __into_source(self) -> Arc<dyn Error + Send + Sync> {
        self
    }
}

impl Documented {
    /// Returns all statuses of a type.
    pub fn of<E: IntoStatus>() -> Self {
        Self::from_list(E::STATUSES, std::any::type_name::<E>())
    }
}

impl<E: IntoStatus> From<E> for Status {
    fn from(error: E) -> Self {
        let mut status = error.status();
        status.set_detail_from(&error);
        let carries = status.is_unresolved();
        status.set_source(Source::of_type::<E>(error.__into_source(), E::__CAUSE, carries));
        status
    }
}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Self {
        Self::new(code)
    }
}

impl From<(StatusCode, &'static str)> for Status {
    fn from((code, detail): (StatusCode, &'static str)) -> Self {
        Self::new(code).with_detail(detail)
    }
}

impl From<(StatusCode, String)> for Status {
    fn from((code, detail): (StatusCode, String)) -> Self {
        Self::new(code).with_detail(detail)
    }
}

/// The same as [`Status::from_error`].
impl From<BoxError> for Status {
    fn from(error: BoxError) -> Self {
        Self::from_error(error)
    }
}

/// The same as [`Status::from_error`]: a 500, unless the layer maps it. Its kind never means that the client is at fault.
impl From<io::Error> for Status {
    fn from(error: io::Error) -> Self {
        Self::carrying(Source::new(Arc::new(error)))
    }
}

/// The same as [`Status::from_error`]. A `Status` among its contexts and causes is used, also without a layer.
#[cfg(feature = "anyhow")]
impl From<anyhow::Error> for Status {
    fn from(error: anyhow::Error) -> Self {
        Self::of_report(Root::Anyhow(Arc::new(error)))
    }
}

/// The same as [`Status::from_error`]. A `Status` among its contexts and causes is used, also without a layer.
#[cfg(feature = "eyre")]
impl From<eyre::Report> for Status {
    fn from(error: eyre::Report) -> Self {
        Self::of_report(Root::Eyre(Arc::new(error)))
    }
}

/// Turns a missing value, or an error without a status, into a [`Status`].
///
/// Only `Option` and `Result` implement it.
///
/// # Example: leave early with `?`
///
/// ```
/// use http::StatusCode;
/// use tower_status::{OrStatus, Status};
///
/// fn page(query: Option<&str>) -> Result<u32, Status> {
///     let text = query.or_status((StatusCode::BAD_REQUEST, "the page is missing"))?;
///     text.parse::<u32>().or_status_with(|| Status::bad_request().with_detail(format!("{text:?} is not a page")))
/// }
///
/// assert_eq!(page(Some("7")).unwrap(), 7);
/// assert_eq!(page(None).unwrap_err().detail(), Some("the page is missing"));
/// assert!(page(Some("x")).unwrap_err().source().is_some()); // the ParseIntError, for the log
/// ```
pub trait OrStatus<T>: sealed::Sealed + Sized {
    /// Returns the value or the status; an error becomes the status's source.
    ///
    /// # Errors
    ///
    /// Returns the status if there is no value.
    fn or_status(self, status: impl Into<Status>) -> Result<T, Status> {
        self.or_status_with(|| status)
    }

    /// Returns the value or the status that the closure returns; an error becomes the status's source.
    ///
    /// # Errors
    ///
    /// Returns the status if there is no value.
    fn or_status_with<S: Into<Status>>(self, status: impl FnOnce() -> S) -> Result<T, Status>;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for Option<T> {}
    impl<T, E> Sealed for Result<T, E> {}
}

impl<T> OrStatus<T> for Option<T> {
    fn or_status_with<S: Into<Status>>(self, status: impl FnOnce() -> S) -> Result<T, Status> {
        self.ok_or_else(|| status().into())
    }
}

impl<T, E: Into<BoxError>> OrStatus<T> for Result<T, E> {
    fn or_status_with<S: Into<Status>>(self, status: impl FnOnce() -> S) -> Result<T, Status> {
        self.map_err(|error| status().into().with_source(error))
    }
}
