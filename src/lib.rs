#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
#[cfg(feature = "axum")]
mod axum;
mod body;
pub mod catalog;
mod complete;
mod fill;
mod into_status;
mod negotiate;
mod noted;
mod recognize;
mod reply;
mod report;
mod status;
mod status_map;

pub use body::StatusBody;
pub use fill::KeepBody;
pub use into_status::{Documented, DocumentedStatus, IntoStatus, OrStatus};
pub use negotiate::Format;
pub use reply::Render;
pub use report::Context;
pub use status::Status;
pub use status_map::{StatusMap, StatusMapFuture, StatusMapLayer};
pub use tower::BoxError;
