//! The OpenAPI document of the application.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use tower_status::{
    Documented, DocumentedStatus, IntoStatus, Status,
    openapi::{self, ProblemDetails, ResponsesOf},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::error::OrderError;

pub(crate) type ListErrors = ResponsesOf<(OrderError, QueryRejection, Hooks)>;
pub(crate) type ReadErrors = ResponsesOf<(OrderError, PathRejection, Hooks)>;
pub(crate) type CreateErrors = ResponsesOf<(OrderError, JsonRejection, Hooks)>;
pub(crate) type ChangeErrors = ResponsesOf<(OrderError, PathRejection, JsonRejection, Hooks)>;
pub(crate) type CustomerErrors = ResponsesOf<(OrderError, PathRejection, Choices, Hooks)>;

#[derive(OpenApi)]
#[openapi(info(title = "Orders"))]
pub(crate) struct Api;

/// Completes the document: the token, the responses of the layer, and one schema for every problem.
pub(crate) fn complete(mut api: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    api.components.get_or_insert_default().add_security_scheme("token", token);
    openapi::defaults().modify(&mut api);
    ProblemDetails.modify(&mut api);
    api
}

/// The responses of `error::database`, `conceal_550` and `require_preconditions`, which no error type documents.
#[derive(Debug, thiserror::Error)]
#[error("documented only")]
pub(crate) struct Hooks;

impl IntoStatus for Hooks {
    fn status(&self) -> Status {
        Status::internal_server_error()
    }

    const STATUSES: Option<&'static [Documented]> = Some(&[
        Documented::One(
            DocumentedStatus::new(axum::http::StatusCode::FORBIDDEN)
                .with_name("NoRight")
                .with_title("Missing permission")
                .with_type("/problems/no-right")
                .with_description("The account does not have permission to do this."),
        ),
        Documented::One(
            DocumentedStatus::new(axum::http::StatusCode::CONFLICT)
                .with_name("ReferenceExists")
                .with_description("Another order has this reference."),
        ),
        Documented::One(
            DocumentedStatus::new(axum::http::StatusCode::PRECONDITION_REQUIRED)
                .with_name("PreconditionRequired")
                .with_description("If-Match is missing, so the change could overwrite another one."),
        ),
        Documented::One(
            DocumentedStatus::new(axum::http::StatusCode::SERVICE_UNAVAILABLE)
                .with_name("DatabaseBusy")
                .with_headers(&["retry-after"])
                .with_description("Every connection to the database is in use."),
        ),
    ]);
}

/// The choice between several customers.
#[derive(Debug, thiserror::Error)]
#[error("documented only")]
pub(crate) struct Choices;

impl IntoStatus for Choices {
    fn status(&self) -> Status {
        Status::multiple_choices(["/orders"])
    }

    const STATUSES: Option<&'static [Documented]> = Some(&[Documented::One(
        DocumentedStatus::new(axum::http::StatusCode::MULTIPLE_CHOICES)
            .with_name("SeveralCustomers")
            .with_description("There are several customers with this name."),
    )]);
}
