//! The body and the header fields of an error response.

mod accept;
mod forms;
mod forms_headers;
