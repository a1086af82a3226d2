//! The rejections of `Multipart` and `WebSocketUpgrade` as `Status`.

#[cfg(feature = "axum-multipart")]
mod multipart {
    use std::io;

    use axum::{
        Router,
        body::{Body, Bytes},
        extract::{
            DefaultBodyLimit, Multipart,
            multipart::{MultipartError, MultipartRejection},
        },
        routing::post,
    };
    use http::{Request, header};
    use tower_status::{Status, StatusMapLayer};

    use crate::common::{PROBLEM_JSON, field, router::send};

    /// Reads every field.
    async fn upload(upload: Result<Multipart, MultipartRejection>) -> Result<(), Status> {
        let mut upload = upload?;
        while let Some(part) = upload.next_field().await? {
            part.bytes().await?;
        }
        Ok(())
    }

    async fn carried(mut upload: Multipart) -> Result<(), Status> {
        let next: Result<_, MultipartError> = upload.next_field().await;
        next.map(drop).map_err(Status::from_error)
    }

    #[tokio::test]
    async fn multipart_errors_have_axums_code_and_an_incomplete_body_is_a_400() {
        const WHOLE: &str = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
        const CUT: &str = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1";

        let broken = || {
            let parts = [Ok(Bytes::from_static(CUT.as_bytes())), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
            Body::from_stream(tokio_stream::iter(parts))
        };
        let app = Router::new()
            .route("/", post(upload))
            .route("/carried", post(carried))
            .layer(DefaultBodyLimit::max(80))
            .layer(StatusMapLayer::new());
        let form = "multipart/form-data; boundary=b";
        struct Row {
            name: &'static str,
            target: &'static str,
            content_type: &'static str,
            body: Body,
            code: u16,
        }
        let rows = [
            Row { name: "whole", target: "/", content_type: form, body: Body::from(WHOLE), code: 200 },
            Row { name: "no form", target: "/", content_type: "text/plain", body: Body::from(WHOLE), code: 400 },
            Row { name: "incomplete", target: "/", content_type: form, body: Body::from(CUT), code: 400 },
            Row { name: "broken off", target: "/", content_type: form, body: broken(), code: 400 },
            Row {
                name: "no headers",
                target: "/",
                content_type: form,
                body: Body::from("--b\r\n\r\n1\r\n--b--\r\n"),
                code: 400,
            },
            Row {
                name: "too large",
                target: "/",
                content_type: form,
                body: Body::from(WHOLE.replace('1', &"1".repeat(100))),
                code: 413,
            },
            Row { name: "carried", target: "/carried", content_type: form, body: Body::from("--b\r\nx"), code: 400 },
        ];
        for Row { name: row, target, content_type, body, code: expected } in rows {
            let request = Request::post(target).header(header::CONTENT_TYPE, content_type).body(body).unwrap();
            let (head, _) = send(&app, request).await;
            assert_eq!(head.status, expected, "{row}");
            if expected != 200 {
                assert_eq!(field(&head.headers, "content-type").as_deref(), Some(PROBLEM_JSON), "{row}");
            }
        }
    }
}

#[cfg(feature = "axum-ws")]
mod websocket {
    use axum::extract::{FromRequestParts, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection};
    use http::{Version, header};
    use tower_status::{Documented, Status};

    use crate::common::{Fields, request};

    #[tokio::test]
    async fn websocket_rejections_have_the_header_fields_that_the_client_needs() {
        const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        const CONNECTION: (&str, &str) = ("connection", "upgrade");
        const UPGRADE: (&str, &str) = ("upgrade", "websocket");

        struct Row {
            method: &'static str,
            version: Version,
            fields: Fields<'static>,
            code: u16,
            sets: Option<(header::HeaderName, &'static str)>,
        }

        let row = |method, fields, code, sets| Row { method, version: Version::HTTP_11, fields, code, sets };
        let rows = [
            row("POST", &[], 405, Some((header::ALLOW, "GET"))),
            Row { version: Version::HTTP_2, ..row("GET", &[], 405, Some((header::ALLOW, "CONNECT"))) },
            Row { version: Version::HTTP_2, ..row("CONNECT", &[], 400, None) },
            row("GET", &[], 400, None),
            row("GET", &[CONNECTION], 400, None),
            row("GET", &[CONNECTION, UPGRADE], 400, None),
            row(
                "GET",
                &[CONNECTION, UPGRADE, KEY, ("sec-websocket-version", "8")],
                400,
                Some((header::SEC_WEBSOCKET_VERSION, "13")),
            ),
            row(
                "GET",
                &[CONNECTION, UPGRADE, KEY, ("sec-websocket-version", "13")],
                426,
                Some((header::UPGRADE, "websocket")),
            ),
        ];
        for Row { method, version, fields, code, sets } in rows {
            let (mut parts, ()) = request(method, "http://example.com/", fields).into_parts();
            parts.version = version;
            let rejection = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.unwrap_err();
            let status = Status::from(rejection);
            assert_eq!(status.code().as_u16(), code, "{method} {version:?} {fields:?}");
            let set: Vec<_> = status.headers().iter().map(|(name, value)| (name, value.to_str().unwrap())).collect();
            assert_eq!(set, sets.iter().map(|(name, value)| (name, *value)).collect::<Vec<_>>());
            let names: Vec<_> = sets.iter().map(|(name, _)| name.as_str()).collect();
            let mut documented = Documented::of::<WebSocketUpgradeRejection>().iter();
            assert!(documented.any(|documented| documented.code == Some(status.code()) && documented.headers == names));
        }
    }
}
