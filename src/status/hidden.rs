//! What a client may not see of a [`Status`].

use std::borrow::Cow;

use serde_json::Value;

use super::Status;

impl Status {
    /// Returns the extension members that are shown even if the detail is hidden.
    pub(crate) fn public_extensions(&self) -> &[(Cow<'static, str>, Value)] {
        self.parts().map_or(&[], |parts| parts.extensions.public())
    }

    /// Returns whether detail and extension members are hidden from clients. `hides` in `response/grpc/error.rs` decides it
    /// for RPC clients.
    pub(crate) fn hides(&self) -> bool {
        // Without a layer, the `Display` of a carried error is hidden as well: it is not meant for clients.
        let is_undecided = self.is_carrier() && self.detail_is_display;
        self.is_server_error() && (!self.exposed || is_undecided)
    }

    /// Returns what a custom renderer may see: no source, and nothing that is hidden.
    pub(crate) fn without_hidden(&self, expose: bool) -> Self {
        self.shown(self.hides() && !expose)
    }

    /// Does the same as [`without_hidden`](Self::without_hidden) if `hides`: the protocol decides it.
    pub(crate) fn shown(&self, hides: bool) -> Self {
        let mut shown = self.clone().without_source();
        if hides && shown.parts.is_some() {
            let parts = shown.parts_mut();
            parts.detail = None;
            parts.extensions.retain_public();
        }
        shown
    }
}
