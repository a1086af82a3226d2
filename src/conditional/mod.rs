//! Conditional requests (RFC 9110 §13): entity tags, the evaluation of conditions, and [`ConditionalLayer`].
//!
//! [`ConditionalLayer`]: crate::ConditionalLayer

mod before_handler;
mod date;
pub(crate) mod etag;
mod etag_list;
mod etag_options;
pub(crate) mod evaluate;
mod generate;
mod headers;
pub(crate) mod layer;
mod methods;
mod not_modified;
mod options;
mod pending;
pub(crate) mod preconditions;
mod request_conditions;
mod source;
pub(crate) mod validators;

pub use date::http_date;
pub use etag::InvalidETag;
pub use etag_list::ETagList;
pub(crate) use evaluate::evaluate_response;
pub use layer::{Conditional, ConditionalFuture, FromResponse};
pub(crate) use not_modified::{not_modified, remove_content_headers};
pub(crate) use request_conditions::RequestConditions;
pub use source::{FromSource, SourceFuture};
