//! Conditional requests (RFC 9110 §13): entity tags, the evaluation of conditions, and [`ConditionalLayer`].
//!
//! [`ConditionalLayer`]: crate::ConditionalLayer

mod before_handler;
mod date;
mod decision;
mod etag;
mod etag_list;
mod evaluate;
mod generate;
mod headers;
mod layer;
mod not_modified;
mod options;
mod pending;
mod preconditions;
mod source;
mod validators;

pub use date::http_date;
pub use etag::{ETag, InvalidETag};
pub use etag_list::ETagList;
pub(crate) use evaluate::evaluate_response;
pub use evaluate::{Verdict, evaluate, range_applies};
pub(crate) use headers::ConditionalHeaders;
pub use layer::{Conditional, ConditionalFuture, ConditionalLayer, FromResponse};
pub(crate) use not_modified::{not_modified, remove_content_headers};
pub use preconditions::Preconditions;
pub use source::{FromSource, SourceFuture};
pub use validators::Validators;
