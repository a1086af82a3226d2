//! [`IntoStatus`] for axum's rejections, with axum's own status codes and texts.

use std::error::Error;

use ::axum::extract::{
    path::ErrorKind,
    rejection::{
        BytesRejection, ExtensionRejection, FailedToBufferBody, FailedToDeserializeForm, FailedToDeserializeFormBody,
        FailedToDeserializePathParams, FailedToDeserializeQueryString, FormRejection, InvalidFormContentType,
        InvalidUtf8, InvalidUtf8InPathParam, JsonDataError, JsonRejection, JsonSyntaxError, LengthLimitError,
        MatchedPathMissing, MatchedPathRejection, MissingExtension, MissingJsonContentType, MissingPathParams,
        NestedPathRejection, PathRejection, QueryRejection, RawFormRejection, RawPathParamsRejection, StringRejection,
        UnknownBodyError,
    },
};
use http::StatusCode;
use serde::de::value::Error as ParameterError;
use serde_json::error::Category;
use serde_path_to_error::{Error as PathError, Path, Segment};

use crate::{
    Documented, DocumentedStatus, IntoStatus, Status,
    field_errors::{self, JsonPointer},
};

pub(super) type StatusOf = fn(&(dyn Error + 'static)) -> Option<Status>;

pub(super) fn downcast<E: IntoStatus>(error: &(dyn Error + 'static)) -> Option<Status> {
    error.downcast_ref::<E>().map(E::status)
}

/// Implements `IntoStatus` for rejections, each with the statuses that it can have.
macro_rules! rejections {
    ($($rejection:ty => $statuses:expr;)*) => {
        $(
            impl IntoStatus for $rejection {
                /// Returns axum's own status code and text, with the extension member `errors` for wrong content.
                fn status(&self) -> Status {
                    with_errors(Status::new(self.status()).with_detail(self.body_text()), self)
                }

                const STATUSES: Option<&'static [Documented]> = Some($statuses);
            }
        )*

        pub(super) const STATUS_OF: &[StatusOf] = &[$(downcast::<$rejection>),*];
    };
}
#[cfg(feature = "axum-multipart")]
pub(super) use rejections;

pub(super) const fn one(code: StatusCode, name: &'static str) -> DocumentedStatus {
    DocumentedStatus::new(code).with_name(name)
}

const JSON_DATA: DocumentedStatus = one(StatusCode::UNPROCESSABLE_ENTITY, "JsonDataError")
    .with_description("The body is JSON, but not of the expected type.")
    .with_extensions(&[field_errors::IN_BODY]);
const JSON_SYNTAX: DocumentedStatus =
    one(StatusCode::BAD_REQUEST, "JsonSyntaxError").with_description("The body is not JSON.");
const JSON_CONTENT_TYPE: DocumentedStatus = one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MissingJsonContentType")
    .with_description("The Content-Type is not that of JSON.");
const FORM_CONTENT_TYPE: DocumentedStatus = one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "InvalidFormContentType")
    .with_description("The Content-Type is not that of a form.");
const FORM: DocumentedStatus = one(StatusCode::BAD_REQUEST, "FailedToDeserializeForm")
    .with_description("The query is not of the expected type.")
    .with_extensions(&[field_errors::IN_PARAMETERS]);
const FORM_BODY: DocumentedStatus = one(StatusCode::UNPROCESSABLE_ENTITY, "FailedToDeserializeFormBody")
    .with_description("The form is not of the expected type.")
    .with_extensions(&[field_errors::IN_PARAMETERS]);
const QUERY: DocumentedStatus = one(StatusCode::BAD_REQUEST, "FailedToDeserializeQueryString")
    .with_description("The query is not of the expected type.")
    .with_extensions(&[field_errors::IN_PARAMETERS]);
const PATH: DocumentedStatus = one(StatusCode::BAD_REQUEST, "FailedToDeserializePathParams")
    .with_description("The parameters in the path are not of the expected type.")
    .with_extensions(&[field_errors::IN_PARAMETERS]);
const PATH_UTF8: DocumentedStatus =
    one(StatusCode::BAD_REQUEST, "InvalidUtf8InPathParam").with_description("A parameter in the path is not UTF-8.");
const TOO_LARGE: DocumentedStatus =
    one(StatusCode::PAYLOAD_TOO_LARGE, "LengthLimitError").with_description("The body is too large.");
const BROKEN_BODY: DocumentedStatus =
    one(StatusCode::BAD_REQUEST, "UnknownBodyError").with_description("The body could not be read to its end.");
const BODY_UTF8: DocumentedStatus =
    one(StatusCode::BAD_REQUEST, "InvalidUtf8").with_description("The body is not UTF-8.");
/// A mistake in the application.
const NO_EXTENSION: DocumentedStatus = one(StatusCode::INTERNAL_SERVER_ERROR, "MissingExtension");
const NO_PATH_PARAMS: DocumentedStatus = one(StatusCode::INTERNAL_SERVER_ERROR, "MissingPathParams");
const NO_MATCHED_PATH: DocumentedStatus = one(StatusCode::INTERNAL_SERVER_ERROR, "MatchedPathMissing");
const NOT_NESTED: DocumentedStatus = one(StatusCode::INTERNAL_SERVER_ERROR, "NestedPathRejection");
const WRONG_PATH_TYPE: DocumentedStatus = one(StatusCode::INTERNAL_SERVER_ERROR, "FailedToDeserializePathParams");

const BODY: &[Documented] = &[Documented::One(BROKEN_BODY), Documented::One(TOO_LARGE)];
const PATH_PARAMS: &[Documented] = &[Documented::One(PATH), Documented::One(WRONG_PATH_TYPE)];

rejections! {
    JsonRejection => &[
        Documented::One(JSON_DATA),
        Documented::One(JSON_SYNTAX),
        Documented::One(JSON_CONTENT_TYPE),
        Documented::All(BODY),
    ];
    JsonDataError => &[Documented::One(JSON_DATA)];
    JsonSyntaxError => &[Documented::One(JSON_SYNTAX)];
    MissingJsonContentType => &[Documented::One(JSON_CONTENT_TYPE)];
    FormRejection => &[
        Documented::One(FORM_CONTENT_TYPE),
        Documented::One(FORM),
        Documented::One(FORM_BODY),
        Documented::All(BODY),
    ];
    FailedToDeserializeForm => &[Documented::One(FORM)];
    FailedToDeserializeFormBody => &[Documented::One(FORM_BODY)];
    InvalidFormContentType => &[Documented::One(FORM_CONTENT_TYPE)];
    RawFormRejection => &[Documented::One(FORM_CONTENT_TYPE), Documented::All(BODY)];
    QueryRejection => &[Documented::One(QUERY)];
    FailedToDeserializeQueryString => &[Documented::One(QUERY)];
    PathRejection => &[Documented::All(PATH_PARAMS), Documented::One(NO_PATH_PARAMS)];
    FailedToDeserializePathParams => PATH_PARAMS;
    RawPathParamsRejection => &[Documented::One(PATH_UTF8), Documented::One(NO_PATH_PARAMS)];
    InvalidUtf8InPathParam => &[Documented::One(PATH_UTF8)];
    MissingPathParams => &[Documented::One(NO_PATH_PARAMS)];
    BytesRejection => BODY;
    FailedToBufferBody => BODY;
    LengthLimitError => &[Documented::One(TOO_LARGE)];
    UnknownBodyError => &[Documented::One(BROKEN_BODY)];
    StringRejection => &[Documented::All(BODY), Documented::One(BODY_UTF8)];
    InvalidUtf8 => &[Documented::One(BODY_UTF8)];
    ExtensionRejection => &[Documented::One(NO_EXTENSION)];
    MissingExtension => &[Documented::One(NO_EXTENSION)];
    MatchedPathRejection => &[Documented::One(NO_MATCHED_PATH)];
    MatchedPathMissing => &[Documented::One(NO_MATCHED_PATH)];
    NestedPathRejection => &[Documented::One(NOT_NESTED)];
}

/// Returns the status of a rejected path. An index into the parameters, or their only one, becomes a name.
pub(crate) fn path_status(rejection: PathRejection, names: &[&str]) -> Status {
    let found = path_error(&rejection).and_then(|error| {
        let name = match error.kind() {
            ErrorKind::ParseErrorAtIndex { index, .. } => names.get(*index),
            ErrorKind::ParseError { .. } => names.first(),
            _ => None,
        };
        Some((error.kind().to_string(), *name?))
    });
    let status = Status::from(rejection);
    match found {
        Some((detail, name)) => with_parameter(status, &detail, name),
        None => status,
    }
}

/// Adds a list of what the client got wrong.
pub(super) fn with_errors(status: Status, rejection: &(dyn Error + 'static)) -> Status {
    if let Some(error) = path_error(rejection) {
        return match path_parameter(error.kind()) {
            Some(parameter) => with_parameter(status, &error.kind().to_string(), parameter),
            None => status,
        };
    }
    let mut next = rejection.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return with_json_error(status, error);
        }
        if let Some(error) = error.downcast_ref::<PathError<ParameterError>>() {
            let detail = error.inner().to_string();
            let parameter = parameter(error.path()).or_else(|| named_field(&detail).map(str::to_owned));
            return match parameter {
                Some(parameter) => with_parameter(status, &detail, &parameter),
                None => status,
            };
        }
        next = error.source();
    }
    status
}

fn with_parameter(status: Status, detail: &str, parameter: &str) -> Status {
    status.with_extension(field_errors::MEMBER, [field_errors::in_parameter(detail, parameter)])
}

fn with_json_error(status: Status, error: &PathError<serde_json::Error>) -> Status {
    let json = error.inner();
    // For a text that is not JSON, line and column are more useful.
    if json.classify() != Category::Data {
        return status;
    }
    let position = format!(" at line {} column {}", json.line(), json.column());
    let without_position = |text: &str| text.strip_suffix(&*position).unwrap_or(text).to_owned();
    let detail = without_position(&json.to_string());
    let pointer = pointer(error.path(), named_field(&detail));
    let text = status.detail().map(without_position).unwrap_or_default();
    status.with_detail(text).with_extension(field_errors::MEMBER, [field_errors::in_body(&detail, pointer)])
}

/// Returns the pointer to a path of serde, and to a field of it that only the message names.
fn pointer(path: &Path, named: Option<&str>) -> JsonPointer {
    let mut pointer = JsonPointer::root();
    for segment in path {
        pointer = match segment {
            Segment::Seq { index } => pointer.join(&index.to_string()),
            Segment::Map { key } => pointer.join(key),
            Segment::Enum { variant } => pointer.join(variant),
            // A key that is not a string: the pointer stays at the object.
            Segment::Unknown => return pointer,
        };
    }
    match named {
        Some(named) => pointer.join(named),
        None => pointer,
    }
}

/// Returns the name of the parameter, which is the first key of the path.
fn parameter(path: &Path) -> Option<String> {
    match path.iter().next()? {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// Returns the field that serde's messages name and its path may leave out.
fn named_field(message: &str) -> Option<&str> {
    let starts = ["missing field `", "duplicate field `"];
    let name = starts.iter().find_map(|start| message.strip_prefix(start))?;
    Some(name.split_once('`')?.0)
}

fn path_error<'a>(rejection: &'a (dyn Error + 'static)) -> Option<&'a FailedToDeserializePathParams> {
    match rejection.downcast_ref() {
        Some(PathRejection::FailedToDeserializePathParams(error)) => Some(error),
        _ => rejection.downcast_ref(),
    }
}

fn path_parameter(kind: &ErrorKind) -> Option<&str> {
    match kind {
        ErrorKind::ParseErrorAtKey { key, .. }
        | ErrorKind::DeserializeError { key, .. }
        | ErrorKind::InvalidUtf8InPathParam { key } => Some(key),
        ErrorKind::Message(message) => named_field(message),
        _ => None,
    }
}
