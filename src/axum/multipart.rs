//! [`IntoStatus`] for the errors of axum's `Multipart`.

use std::{error::Error, iter::successors};

use ::axum::extract::multipart::{InvalidBoundary, MultipartError, MultipartRejection};
use http::StatusCode;

use super::rejection::{StatusOf, downcast, one, rejections, with_errors};
use crate::{Documented, DocumentedStatus, IntoStatus, Status};

const BOUNDARY: DocumentedStatus = one(StatusCode::BAD_REQUEST, "InvalidBoundary")
    .with_description("The Content-Type is not `multipart/form-data` with a boundary.");

rejections! {
    MultipartRejection => &[Documented::One(BOUNDARY)];
    InvalidBoundary => &[Documented::One(BOUNDARY)];
}

pub(super) const ERROR_STATUS_OF: &[StatusOf] = &[downcast::<MultipartError>];

impl IntoStatus for MultipartError {
    /// Returns axum's own status code and text; but a 400, not a 500, if the client did not send the whole body.
    fn status(&self) -> Status {
        let code = if self.status().is_server_error() && is_body_error(self) {
            StatusCode::BAD_REQUEST
        } else {
            self.status()
        };
        Status::new(code).with_detail(self.body_text())
    }

    const STATUSES: Option<&'static [Documented]> = Some(&[
        Documented::One(
            one(StatusCode::BAD_REQUEST, "MultipartError")
                .with_description("The body is not well-formed or incomplete."),
        ),
        Documented::One(
            one(StatusCode::PAYLOAD_TOO_LARGE, "MultipartError").with_description("The body or a field is too large."),
        ),
        Documented::One(one(StatusCode::INTERNAL_SERVER_ERROR, "MultipartError")),
    ]);
}

/// Returns whether reading the body failed: axum wraps the errors of bodies.
fn is_body_error(error: &MultipartError) -> bool {
    successors(error.source(), |&error| error.source()).any(<dyn Error>::is::<::axum::Error>)
}
