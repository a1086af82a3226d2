//! What a [`StatusMapLayer`](crate::StatusMapLayer) was told.

use std::{fmt, sync::Arc};

use http::HeaderValue;

use super::resolve::Mapper;
use crate::{Context, Format, Render, Status};

type MapStatus = Arc<dyn Fn(Status, &Context<'_>) -> Status + Send + Sync>;
type OnError = Arc<dyn Fn(&Status, &Context<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) mappers: Vec<Mapper>,
    pub(crate) default_challenge: Option<HeaderValue>,
    pub(crate) fill: bool,
    pub(crate) formats: Vec<Format>,
    pub(crate) render: Option<Arc<dyn Render>>,
    pub(crate) expose_server_errors: bool,
    pub(crate) conditional: bool,
    pub(crate) map_status: Option<MapStatus>,
    pub(crate) on_error: Option<OnError>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mappers: Vec::new(),
            default_challenge: None,
            fill: true,
            formats: vec![Format::Json, Format::Html, Format::Text],
            render: None,
            expose_server_errors: false,
            conditional: true,
            map_status: None,
            on_error: None,
        }
    }
}

impl Options {
    /// Whether a hook will be told of the request.
    pub(crate) fn has_hook(&self) -> bool {
        self.map_status.is_some() || self.on_error.is_some() || self.render.is_some()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mappers", &self.mappers.len())
            .field("default_challenge", &self.default_challenge)
            .field("fill", &self.fill)
            .field("formats", &self.formats)
            .field("render", &self.render.is_some())
            .field("expose_server_errors", &self.expose_server_errors)
            .field("conditional", &self.conditional)
            .field("map_status", &self.map_status.is_some())
            .field("on_error", &self.on_error.is_some())
            .finish()
    }
}
