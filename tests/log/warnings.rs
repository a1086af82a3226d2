//! Warnings about mistakes in the application.

use std::fmt::Debug;

use bytes::Bytes;
use http::{Response, StatusCode, Version};
use http_body_util::Full;
use tower::Layer;
use tower_status::{KeepBody, Status, StatusMapLayer};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::capture::{inner, logged, reports, send, status, warnings};
use crate::common::{get, in_its_own_process, returns};

#[test]
fn a_missing_required_field_of_a_status_is_warned_about() {
    let required = [
        (405, "allow"),
        (407, "proxy-authenticate"),
        (416, "content-range"),
        (426, "upgrade"),
        (301, "location"),
        (302, "location"),
        (303, "location"),
        (307, "location"),
        (308, "location"),
    ];
    let send_over = |version, outcome| {
        let mut request = get("/", &[]);
        *request.version_mut() = version;
        send(&StatusMapLayer::new(), request, outcome)
    };
    for (code, name) in required {
        let lines = send_over(Version::HTTP_11, Err(status(code)));
        let [warning] = *warnings(&lines) else { panic!("{code}: {lines:?}") };
        assert!(warning.contains(name), "{code}: {warning}");
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let lines = send_over(version, Err(status(code).with_header(name, "it")));
            let warnings = warnings(&lines);
            // HTTP/2 has no Upgrade, so a client cannot do what a 426 requires.
            let is_misuse = code == 426 && version == Version::HTTP_2;
            assert_eq!(warnings.len(), usize::from(is_misuse), "{code} {version:?} with {name}: {lines:?}");
            assert!(warnings.iter().all(|warning| warning.contains("HTTP/2.0, which has no Upgrade")), "{warnings:?}");
        }
        // Middleware outside may add the field to a response of the inner service.
        let lines = send_over(Version::HTTP_11, Ok(inner(code, "", "")));
        assert!(warnings(&lines).is_empty(), "an inner {code}: {lines:?}");
    }
    assert_eq!(warnings(&send_over(Version::HTTP_2, Err(status(307)))).len(), 1);
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(status(404)));
    assert!(warnings(&lines).is_empty(), "{lines:?}");
}

#[cfg(feature = "derive")]
#[test]
fn a_location_is_warned_about_only_if_a_field_leaves_its_segment() {
    use tower_status::IntoStatus;

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("moved")]
    #[status(308, location = "/orders/{0}/lines")]
    struct Moved(&'static str);

    for (field, code, count) in [("8", 308, 0), ("..", 500, 1)] {
        let lines = logged(|| assert_eq!(Moved(field).status().code(), code, "{field}"));
        let warnings = warnings(&lines);
        let of_location = warnings.iter().filter(|warning| warning.contains("the Location of 308"));
        assert_eq!(of_location.count(), count, "{field}: {warnings:?}");
    }
}

#[test]
fn a_field_is_warned_about_only_if_there_are_too_many() {
    let fields = |count: usize| {
        logged(|| drop((0..count).fold(status(404), |status, line| status.with_header(format!("x-{line}"), "a"))))
    };
    assert!(warnings(&fields(1)).is_empty());
    // A map of the http crate holds fewer than 32,768 names.
    let lines = fields(33_000);
    let warnings = warnings(&lines);
    assert!(
        !warnings.is_empty() && warnings.iter().all(|warning| warning.contains("too many")),
        "{:?}",
        warnings.first()
    );
}

#[test]
fn the_default_challenge_is_warned_about_once_per_process() {
    in_its_own_process("warnings::the_default_challenge_is_warned_about_once_per_process", || {
        let chosen = StatusMapLayer::new().default_challenge("Basic realm=\"shop\"");
        let default = StatusMapLayer::new();
        let send = |layer, outcome| send(layer, get("/", &[]), outcome);
        assert!(warnings(&send(&chosen, Err(status(401)))).is_empty(), "the application chose a challenge");
        assert!(warnings(&send(&default, Err(Status::unauthorized("A")))).is_empty(), "the status has a challenge");
        for expected in [1, 0, 0] {
            let lines = send(&default, Err(status(401)));
            assert_eq!(warnings(&lines).len(), expected, "{lines:?}");
            assert_eq!(reports(&lines).len(), 1);
        }
        assert!(warnings(&send(&default, Ok(inner(401, "", "")))).is_empty());
    });
}

#[cfg(feature = "problems")]
#[test]
fn an_undocumented_error_type_is_warned_about_once() {
    use tower_status::{IntoStatus, problems::Problems};

    #[derive(Debug, thiserror::Error)]
    #[error("sold out")]
    struct SoldOut;

    impl IntoStatus for SoldOut {
        fn status(&self) -> Status {
            Status::conflict()
        }
    }

    let lines = logged(|| (Problems::of::<SoldOut>(), Problems::of::<SoldOut>()));
    let [warning] = &*warnings(&lines) else { panic!("{lines:?}") };
    assert!(
        warning.starts_with("Problems does not show the statuses of `") && warning.contains("::SoldOut`"),
        "{warning}"
    );
}

#[cfg(feature = "utoipa")]
#[test]
fn an_undocumented_inner_type_is_warned_about_once_by_openapi() {
    use tower_status::{Documented, openapi};

    let documented = Documented::All(&[Documented::Undocumented("Card"), Documented::Undocumented("Stock")]);
    let lines = logged(|| (openapi::responses(&documented), openapi::responses(&documented)));
    let of_type =
        |name: &str| format!("OpenAPI does not show the statuses of `{name}`: its `IntoStatus::STATUSES` is `None`");
    assert_eq!(warnings(&lines), [of_type("Card"), of_type("Stock")], "{lines:?}");
}

#[cfg(feature = "derive")]
#[test]
fn a_code_field_below_300_is_warned_about() {
    use tower_status::IntoStatus;

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("refused")]
    struct Refused(#[status(code)] StatusCode);

    let lines = logged(|| {
        let codes = [StatusCode::MULTIPLE_CHOICES, StatusCode::IM_USED].map(|code| Refused(code).status().code());
        assert_eq!(codes, [StatusCode::MULTIPLE_CHOICES, StatusCode::INTERNAL_SERVER_ERROR]);
    });
    let expected = "an error has the status code 226 IM Used, which is not that of an error: the response is a 500";
    assert_eq!(warnings(&lines), [expected]);
}

/// A subscriber that panics once, as a writer does when the disk is full.
#[test]
fn warning_that_panics_does_not_disturb_later_requests() {
    in_its_own_process("warnings::warning_that_panics_does_not_disturb_later_requests", || {
        use std::{
            panic::{AssertUnwindSafe, catch_unwind},
            sync::atomic::{AtomicBool, Ordering},
        };

        struct PanicsOnce(AtomicBool);

        impl<S: Subscriber> tracing_subscriber::Layer<S> for PanicsOnce {
            fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
                assert!(self.0.swap(true, Ordering::Relaxed), "the disk is full");
            }
        }

        let subscriber = tracing_subscriber::registry().with(PanicsOnce(AtomicBool::new(false)));
        tracing::subscriber::with_default(subscriber, || {
            let send = || {
                crate::common::now(crate::common::send(
                    &StatusMapLayer::new(),
                    get("/", &[]),
                    Err::<Response<Full<Bytes>>, _>(status(401)),
                ))
            };
            assert!(catch_unwind(AssertUnwindSafe(send)).is_err());
            for _ in 0..3 {
                assert_eq!(send().0.headers["www-authenticate"], "Bearer realm=\"api\"");
            }
        });
    });
}

#[test]
fn the_warning_about_connection_recommends_a_tuple() {
    let lines = logged(|| Status::payload_too_large().with_header("connection", "close"));
    let [warning] = *warnings(&lines) else { panic!("{lines:?}") };
    assert!(warning.contains(r#"([("connection", "close")], status)"#), "{warning}");
    let lines = logged(|| Status::payload_too_large().with_header("content-type", "text/html"));
    let [warning] = *warnings(&lines) else { panic!("{lines:?}") };
    assert!(warning.contains("content-type") && !warning.contains("connection"), "{warning}");
}

/// The layer cannot read a text that a layer inside has compressed.
#[test]
fn an_encoded_4xx_text_is_warned_about_once_per_process() {
    in_its_own_process("warnings::an_encoded_4xx_text_is_warned_about_once_per_process", || {
        let encoded = |status, content_type| {
            let mut response = inner(status, content_type, "it");
            response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            response
        };
        let kept = || {
            let mut response = encoded(400, "text/plain");
            response.extensions_mut().insert(KeepBody);
            response
        };
        struct Row {
            name: &'static str,
            response: Response<Full<Bytes>>,
            fill: bool,
            warnings: usize,
        }
        let rows = [
            Row { name: "no encoding", response: inner(400, "text/plain", "it"), fill: true, warnings: 0 },
            Row { name: "JSON", response: encoded(400, "application/json"), fill: true, warnings: 0 },
            Row { name: "a 5xx", response: encoded(500, "text/plain"), fill: true, warnings: 0 },
            Row { name: "KeepBody", response: kept(), fill: true, warnings: 0 },
            Row { name: "fill(false)", response: encoded(400, "text/plain"), fill: false, warnings: 0 },
            Row { name: "a 4xx text", response: encoded(400, "text/plain"), fill: true, warnings: 1 },
            Row { name: "a second 4xx text", response: encoded(404, "text/plain"), fill: true, warnings: 0 },
        ];
        for Row { name, response, fill, warnings: count } in rows {
            let lines = send(&StatusMapLayer::new().fill(fill), get("/", &[]), Ok(response));
            let warnings = warnings(&lines);
            assert_eq!(warnings.len(), count, "{name}: {warnings:?}");
            assert!(warnings.iter().all(|warning| warning.contains("compression")), "{name}: {warnings:?}");
        }
    });
}

#[test]
fn debug_is_warned_about_once_when_a_layer_is_first_applied() {
    in_its_own_process("warnings::debug_is_warned_about_once_when_a_layer_is_first_applied", || {
        let layer = |debug| StatusMapLayer::new().debug(debug);
        let apply = |layer: &StatusMapLayer| {
            let lines = logged(|| layer.layer(returns(Ok::<_, Status>(Response::new(String::new())))));
            warnings(&lines).iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()
        };
        assert!(logged(|| layer(true)).is_empty(), "it is not applied yet");
        assert!(apply(&layer(false)).is_empty());
        let expected = "debug(true): clients see the causes of errors; turn it off in production";
        assert_eq!(apply(&layer(true)), [expected]);
        assert!(apply(&layer(true)).is_empty());
    });
}
