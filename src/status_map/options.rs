//! The options of a [`StatusMapLayer`](crate::StatusMapLayer).

use std::{borrow::Cow, fmt, sync::Arc};

use http::{HeaderName, HeaderValue};

use super::resolve::Mapper;
use crate::{
    Context, Format, Page, Render, Status, Translate,
    fields::X_REQUEST_ID,
    response::{capture::Capture, grpc},
};

type MapStatus = Arc<dyn Fn(Status, &Context<'_>) -> Status + Send + Sync>;
type OnError = Arc<dyn Fn(&Status, &Context<'_>) + Send + Sync>;

#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that users set by itself")]
pub(super) struct Options {
    pub(super) mappers: Vec<Mapper>,
    pub(super) default_challenge: Option<HeaderValue>,
    pub(super) fill: bool,
    pub(super) formats: Vec<Format>,
    pub(super) render: Option<Arc<dyn Render>>,
    pub(super) page: Page,
    pub(super) translate: Option<Arc<dyn Translate>>,
    pub(super) expose_server_errors: bool,
    pub(super) debug: bool,
    pub(super) conditional: bool,
    pub(super) rpc: bool,
    pub(super) grpc_limit: usize,
    pub(super) error_domain: Option<Cow<'static, str>>,
    pub(super) type_base: Option<Cow<'static, str>>,
    pub(super) keep_headers: Vec<HeaderName>,
    pub(super) request_id_header: Option<HeaderName>,
    pub(super) captures: Vec<Capture>,
    pub(super) map_status: Option<MapStatus>,
    pub(super) on_error: Option<OnError>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mappers: Vec::new(),
            default_challenge: None,
            fill: true,
            formats: vec![Format::Json, Format::Html, Format::Text],
            render: None,
            page: Page::new(),
            translate: None,
            expose_server_errors: false,
            debug: false,
            conditional: true,
            rpc: cfg!(any(feature = "tonic", feature = "connectrpc")),
            grpc_limit: grpc::DEFAULT_LIMIT,
            error_domain: None,
            type_base: None,
            keep_headers: Vec::new(),
            request_id_header: None,
            captures: Vec::new(),
            map_status: None,
            on_error: None,
        }
    }
}

impl Options {
    /// Returns the name of the field with the id of a request.
    pub(super) fn request_id_header(&self) -> &HeaderName {
        self.request_id_header.as_ref().unwrap_or(&X_REQUEST_ID)
    }

    /// Returns whether clients see what a 5xx hides.
    pub(super) fn exposes(&self) -> bool {
        self.expose_server_errors || self.debug
    }

    /// Returns whether a hook reads the request.
    pub(super) fn has_hook(&self) -> bool {
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
            .field("page", &self.page)
            .field("translate", &self.translate.is_some())
            .field("expose_server_errors", &self.expose_server_errors)
            .field("debug", &self.debug)
            .field("conditional", &self.conditional)
            .field("rpc", &self.rpc)
            .field("grpc_limit", &self.grpc_limit)
            .field("error_domain", &self.error_domain)
            .field("type_base", &self.type_base)
            .field("keep_headers", &self.keep_headers)
            .field("request_id_header", self.request_id_header())
            .field("captures", &self.captures.len())
            .field("map_status", &self.map_status.is_some())
            .field("on_error", &self.on_error.is_some())
            .finish()
    }
}
