//! Upgrade (RFC 9110 §7.8) is a field of HTTP/1.x, and requires `Connection: upgrade`.

use http::Version;
use tower_status::{BoxError, Status, StatusMapLayer};

use crate::common::{Fields, fail, field, full, get, send};

const HTTP_1: [Version; 2] = [Version::HTTP_10, Version::HTTP_11];
const WITHOUT_UPGRADE: [Version; 2] = [Version::HTTP_2, Version::HTTP_3];

fn over(version: Version) -> http::Request<()> {
    let mut request = get("/", &[]);
    *request.version_mut() = version;
    request
}

#[tokio::test]
async fn upgrade_of_an_error_has_its_connection_option_over_http_1_and_is_removed_over_others() {
    let statuses = [
        ("403", Status::forbidden().with_header("upgrade", "h2c")),
        ("426", Status::upgrade_required("h2c")),
        ("503", Status::service_unavailable().with_header("upgrade", "h2c")),
        ("with connection", Status::forbidden().with_header("connection", "close").with_header("upgrade", "h2c")),
    ];
    for (name, status) in statuses {
        for version in HTTP_1 {
            let (parts, _) = fail(&StatusMapLayer::new(), over(version), status.clone()).await;
            let fields = (field(&parts.headers, "upgrade"), field(&parts.headers, "connection"));
            assert_eq!(fields, (Some("h2c".into()), Some("upgrade".into())), "{name} {version:?}");
        }
        for version in WITHOUT_UPGRADE {
            let (parts, _) = fail(&StatusMapLayer::new(), over(version), status.clone()).await;
            let fields = (field(&parts.headers, "upgrade"), field(&parts.headers, "connection"));
            assert_eq!(fields, (None, None), "{name} {version:?}");
        }
    }
}

#[tokio::test]
async fn other_connection_options_stay_over_http_1() {
    let rows: [(Fields<'_>, &str); 4] = [
        (&[("connection", "close")], "close | upgrade"),
        (&[("connection", "keep-alive, Upgrade")], "keep-alive, Upgrade"),
        (&[("connection", "close"), ("connection", "upgrade")], "close | upgrade"),
        (&[("connection", "upgrade-insecure")], "upgrade-insecure | upgrade"),
    ];
    for (connection, expected) in rows {
        for content_type in ["text/plain", "application/json"] {
            let fields = [&[("content-type", content_type), ("upgrade", "h2c")], connection].concat();
            let inner = || full(426, &fields, "it");
            let (parts, _) = send(&StatusMapLayer::new(), over(Version::HTTP_11), Ok::<_, BoxError>(inner())).await;
            assert_eq!(field(&parts.headers, "connection").as_deref(), Some(expected), "{content_type}");
            let (parts, _) = send(&StatusMapLayer::new(), over(Version::HTTP_2), Ok::<_, BoxError>(inner())).await;
            assert_eq!(field(&parts.headers, "connection"), None, "{content_type}");
            assert_eq!(field(&parts.headers, "upgrade"), None, "{content_type}");
        }
    }
}

#[tokio::test]
async fn a_success_with_upgrade_passes_unchanged() {
    let fields = [("upgrade", "websocket"), ("connection", "upgrade")];
    for code in [101, 200] {
        for version in [&HTTP_1[..], &WITHOUT_UPGRADE].concat() {
            let inner = full(code, &fields, "");
            let (parts, _) = send(&StatusMapLayer::new(), over(version), Ok::<_, BoxError>(inner)).await;
            assert_eq!(parts.status, code);
            for (name, value) in fields {
                assert_eq!(field(&parts.headers, name).as_deref(), Some(value), "{code} {version:?}");
            }
        }
    }
}
