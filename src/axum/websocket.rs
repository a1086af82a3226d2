//! [`IntoStatus`] for the rejections of axum's `WebSocketUpgrade`.

use ::axum::extract::ws::rejection::{
    ConnectionNotUpgradable, InvalidConnectionHeader, InvalidProtocolPseudoheader, InvalidUpgradeHeader,
    InvalidWebSocketVersionHeader, MethodNotConnect, MethodNotGet, WebSocketKeyHeaderMissing,
    WebSocketUpgradeRejection,
};
use http::{StatusCode, header};

use super::rejection::{StatusOf, downcast, one};
use crate::{Documented, DocumentedStatus, IntoStatus, Status};

const NOT_GET: DocumentedStatus = one(StatusCode::METHOD_NOT_ALLOWED, "MethodNotGet").with_headers(&["allow"]);
const NOT_CONNECT: DocumentedStatus = one(StatusCode::METHOD_NOT_ALLOWED, "MethodNotConnect").with_headers(&["allow"]);
const CONNECTION: DocumentedStatus = one(StatusCode::BAD_REQUEST, "InvalidConnectionHeader");
const UPGRADE: DocumentedStatus = one(StatusCode::BAD_REQUEST, "InvalidUpgradeHeader");
const PROTOCOL: DocumentedStatus = one(StatusCode::BAD_REQUEST, "InvalidProtocolPseudoheader");
const VERSION: DocumentedStatus =
    one(StatusCode::BAD_REQUEST, "InvalidWebSocketVersionHeader").with_headers(&["sec-websocket-version"]);
const KEY: DocumentedStatus = one(StatusCode::BAD_REQUEST, "WebSocketKeyHeaderMissing");
const NOT_UPGRADABLE: DocumentedStatus =
    one(StatusCode::UPGRADE_REQUIRED, "ConnectionNotUpgradable").with_headers(&["upgrade"]);

/// Implements `IntoStatus` with axum's own status code and text, and the header field that a client needs to try again.
macro_rules! rejections {
    ($($rejection:ident, $documented:expr $(, $field:expr => $value:literal)?;)*) => {
        $(
            impl IntoStatus for $rejection {
                /// Returns axum's own status code and text, with the header fields that the status code requires.
                fn status(&self) -> Status {
                    Status::new(self.status()).with_detail(self.body_text())$(.with_header($field, $value))?
                }

                const STATUSES: Option<&'static [Documented]> = Some(&[Documented::One($documented)]);
            }
        )*

        impl IntoStatus for WebSocketUpgradeRejection {
            /// Returns axum's own status code and text, with the header fields that the status code requires.
            fn status(&self) -> Status {
                match self {
                    $(Self::$rejection(inner) => IntoStatus::status(inner),)*
                    other => Status::new(other.status()).with_detail(other.body_text()),
                }
            }

            const STATUSES: Option<&'static [Documented]> = Some(&[$(Documented::One($documented)),*]);
        }

        pub(super) const STATUS_OF: &[StatusOf] =
            &[downcast::<WebSocketUpgradeRejection>, $(downcast::<$rejection>),*];
    };
}

rejections! {
    MethodNotGet, NOT_GET, header::ALLOW => "GET";
    MethodNotConnect, NOT_CONNECT, header::ALLOW => "CONNECT";
    InvalidConnectionHeader, CONNECTION;
    InvalidUpgradeHeader, UPGRADE;
    InvalidProtocolPseudoheader, PROTOCOL;
    // RFC 6455 §4.4.
    InvalidWebSocketVersionHeader, VERSION, header::SEC_WEBSOCKET_VERSION => "13";
    WebSocketKeyHeaderMissing, KEY;
    ConnectionNotUpgradable, NOT_UPGRADABLE, header::UPGRADE => "websocket";
}
