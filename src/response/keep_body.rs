//! [`KeepBody`], which exempts one response's body.

/// A response extension: the layer keeps the body of this response, even of a 5xx.
///
/// Missing header fields are still added. If [`map_status`](crate::StatusMapLayer::map_status) changes the code, the body
/// is replaced.
///
/// # Example: a plain 500 that is meant for the client
///
/// ```
/// use http::{Response, StatusCode};
/// use tower_status::KeepBody;
///
/// let mut response = Response::new("the report is too large to build");
/// *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
/// response.extensions_mut().insert(KeepBody);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepBody;
