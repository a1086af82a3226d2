//! The keys of `#[status(..)]`, by the place where they may be written.

/// The keys of the type.
pub(super) const TYPE: [&str; 7] = ["default", "axum", "tonic", "connect", "utoipa", "aide", "crate"];

/// The keys of a variant or a struct.
pub(super) const VARIANT: [&str; 15] = [
    "transparent",
    "from_error",
    "title",
    "type",
    "detail",
    "instance",
    "advice",
    "challenge",
    "retry_after",
    "location",
    "allow",
    "header",
    "extension",
    "grpc",
    "expose",
];

/// The keys of a field.
pub(super) const FIELD: [&str; 7] = ["extension", "public", "code", "retry_after", "location", "source", "transparent"];
