//! [`Status`](crate::Status) to response: header fields and a body, in the format that the client reads.

pub(crate) mod body;
mod built_in;
pub(crate) mod caching;
pub(crate) mod capture;
pub(crate) mod code_change;
pub(crate) mod connect;
mod context;
mod debug_report;
mod from_status;
pub(crate) mod grpc;
pub(crate) mod headers;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod keep_body;
pub(crate) mod peek;
mod public_problem;
mod reason_phrase;
pub(crate) mod record;
mod render;
mod representation;
mod text;
pub(crate) mod translate;

pub use body::StatusBody;
pub(crate) use context::BodyOptions;
pub use context::Context;
pub(crate) use debug_report::DebugReport;
pub(crate) use from_status::{from_status, replace_response, without_body};
pub use html::{Accent, Page};
pub use keep_body::KeepBody;
pub(crate) use public_problem::{PublicProblem, RequestIds};
pub(crate) use reason_phrase::remove_reason_phrase;
pub use render::{Render, Rendered};
pub(crate) use representation::{Content, RenderOptions, write};
pub use translate::{Text, Translate};
