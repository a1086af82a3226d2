//! Transparent variants, carried errors, and causes that `Error::source` leaves out.

use std::{error::Error, fmt, io, sync::Arc};

use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_status::{IntoStatus, Status, StatusMapLayer};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("{0} sold out")]
#[status(409, type = "/sold-out")]
struct SoldOut(&'static str);

/// Returns the messages of the source chain.
fn chain(status: &Status) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = status.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("the price of {0} changed")]
#[status(409, title = "Changed", detail = "look at {0} again")]
struct Price(&'static str);

#[derive(Debug, thiserror::Error, IntoStatus)]
#[allow(dead_code)] // fields beside the inner error
enum Outer {
    #[error("stock: {0}")]
    #[status(transparent)]
    Stock(#[source] SoldOut),
    #[error("price")]
    #[status(transparent)]
    Price(Arc<Price>),
    #[error("marked")]
    #[status(transparent)]
    Marked(u8, #[status(transparent)] SoldOut),
    #[error("marked alone")]
    MarkedAlone {
        #[source]
        cause: Price,
        #[status(transparent)]
        inner: SoldOut,
    },
    #[error("source")]
    #[status(transparent)]
    Source { source: SoldOut, attempt: u8 },
}

#[test]
fn transparent_variant_has_the_status_of_the_inner_error() {
    let sold_out = "409 Conflict /sold-out tulips sold out";
    let rows = [
        (Outer::Stock(SoldOut("tulips")), sold_out),
        (Outer::Price(Arc::new(Price("tulips"))), "409 Changed look at tulips again"),
        (Outer::Marked(1, SoldOut("tulips")), sold_out),
        (Outer::MarkedAlone { cause: Price("x"), inner: SoldOut("tulips") }, sold_out),
        (Outer::Source { source: SoldOut("tulips"), attempt: 1 }, sold_out),
    ];
    for (error, expected) in rows {
        let status = error.status();
        let (code, title) = (status.code(), status.title().unwrap_or(status.entry().title));
        let texts = [Some(code.as_str()), Some(title), status.type_uri(), status.detail()];
        assert_eq!(texts.into_iter().flatten().collect::<Vec<_>>().join(" "), expected, "{error:?}");
        assert!(Status::from(error).source().unwrap().is::<Outer>());
    }
    assert_eq!(chain(&Outer::Stock(SoldOut("tulips")).into()), ["stock: tulips sold out", "tulips sold out"]);
}

#[test]
fn source_of_a_boxed_error_is_the_error() {
    let statuses = [
        Status::from(Box::new(SoldOut("tulips"))),
        Status::from(Arc::new(SoldOut("tulips"))),
        Status::from(Box::new(Arc::new(SoldOut("tulips")))),
    ];
    for status in statuses {
        assert_eq!(status.to_string(), "409 Conflict: tulips sold out");
        assert!(status.source().unwrap().is::<SoldOut>());
    }
    let carrier = Status::from(Box::new(Inner(foreign())));
    assert!(carrier.source().unwrap().is::<Inner>());
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn rejection_of_axum_has_its_status_in_a_transparent_and_in_a_from_error_variant() {
    use axum::extract::rejection::{JsonRejection, QueryRejection};

    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum AppError {
        #[error(transparent)]
        #[status(transparent)]
        Json(#[from] JsonRejection),
        #[error(transparent)]
        #[status(from_error)]
        Query(#[from] QueryRejection),
    }

    let json = axum::Json::<u8>::from_bytes(b"[]").unwrap_err();
    let (code, _, body) = respond(StatusMapLayer::new(), AppError::from(json)).await;
    assert_eq!((code.as_u16(), &body["errors"][0]["pointer"]), (422, &json!("#")));
    let query = axum::extract::Query::<(u8,)>::try_from_uri(&"/?a=1".parse().unwrap()).unwrap_err();
    let (code, _, body) = respond(StatusMapLayer::new(), AppError::from(query)).await;
    assert_eq!(code, 400);
    assert!(body["detail"].as_str().unwrap().starts_with("Failed to deserialize query string"), "{body}");
}

/// An error of another crate.
#[derive(Debug, PartialEq)]
struct Foreign(&'static str);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Foreign {}

/// The causes that `Error::source` leaves out, one per variant.
#[derive(Debug, IntoStatus)]
enum Unlinked {
    #[status(from_error)]
    Carrier(Foreign),
    #[status(from_error)]
    Boxed(Box<Foreign>),
    #[status(from_error)]
    Object(BoxError),
    #[status(from_error)]
    Optional(Option<Arc<Foreign>>),
    #[status(from_error)]
    #[allow(dead_code)] // the other field
    OneOfTwo(#[status(source)] Foreign, Foreign),
    #[status(transparent)]
    Inner(Inner),
    #[status(transparent)]
    Deeper(Box<Deeper>),
    #[status(500)]
    Marked(#[status(source)] Foreign),
}

#[derive(Debug, IntoStatus)]
#[status(from_error)]
struct Inner(Foreign);

#[derive(Debug, IntoStatus)]
#[status(transparent)]
struct Deeper(Inner);

macro_rules! sourceless {
    ($($error:ty)*) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($error))
            }
        }

        impl Error for $error {}
    )*};
}

sourceless! { Unlinked Inner Deeper }

fn foreign() -> Foreign {
    Foreign("no rows")
}

/// Returns the response of the layer.
async fn respond(layer: StatusMapLayer, error: impl Into<Status>) -> (StatusCode, HeaderMap, Value) {
    let status: Status = error.into();
    let service = service_fn(async |_: Request<()>| Err::<Response<String>, _>(status.clone()));
    let response = layer.layer(service).oneshot(Request::new(())).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}

/// Returns a layer that maps the foreign error `no rows` to 410, and no other.
fn mapping() -> StatusMapLayer {
    StatusMapLayer::new().map_error(|error: &Foreign| (error.0 == "no rows").then(Status::gone))
}

#[tokio::test]
async fn carried_error_is_mapped_by_the_layer() {
    let rows: [(fn() -> Unlinked, u16); 7] = [
        (|| Unlinked::Carrier(foreign()), 410),
        (|| Unlinked::Boxed(Box::new(foreign())), 410),
        (|| Unlinked::Object(Box::new(foreign())), 410),
        (|| Unlinked::Optional(Some(Arc::new(foreign()))), 410),
        (|| Unlinked::Optional(None), 500),
        (|| Unlinked::OneOfTwo(foreign(), Foreign("else")), 410),
        (|| Unlinked::Carrier(Foreign("else")), 500),
    ];
    for (error, expected) in rows {
        assert_eq!(respond(mapping(), error()).await.0, expected, "{:?}", error());
        // A tower layer boxes the error: the type must be recognized.
        let boxed = Status::from_error(error());
        assert_eq!(respond(mapping().recognize::<Unlinked>(), boxed).await.0, expected, "boxed {:?}", error());
        assert_eq!(respond(StatusMapLayer::new(), error()).await.0, 500, "{:?}", error());
    }
    let nested: [fn() -> Unlinked; 2] =
        [|| Unlinked::Inner(Inner(foreign())), || Unlinked::Deeper(Box::new(Deeper(Inner(foreign()))))];
    for error in nested {
        assert_eq!(respond(mapping(), error()).await.0, 410, "{:?}", error());
        let boxed = Status::from_error(error());
        assert_eq!(respond(mapping().recognize::<Unlinked>(), boxed).await.0, 410, "boxed {:?}", error());
    }
}

#[tokio::test]
async fn client_sees_nothing_of_a_carried_error() {
    let (code, _, body) = respond(StatusMapLayer::new(), Unlinked::Carrier(foreign())).await;
    assert_eq!(code, 500);
    assert!(!body.to_string().contains("rows") && !body.to_string().contains("Unlinked"), "{body}");
    let (_, _, body) = respond(mapping(), Unlinked::Carrier(foreign())).await;
    assert_eq!(body["title"], json!("Gone"));
    assert!(!body.to_string().contains("Unlinked"), "{body}");
}

#[tokio::test]
async fn carried_error_is_found_under_a_transparent_message() {
    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Db {
        // `Error::source` returns the source of the foreign error, not the error itself.
        #[error(transparent)]
        #[status(from_error)]
        Failed(#[from] io::Error),
    }
    let layer = StatusMapLayer::new().map_error(|_: &io::Error| Some(Status::gone()));
    assert_eq!(respond(layer, Db::from(io::Error::from_raw_os_error(2))).await.0, 410);
}

#[cfg(feature = "tracing")]
#[derive(Debug, thiserror::Error)]
#[error("around")]
struct Around(#[source] Status);

#[cfg(feature = "tracing")]
#[tokio::test]
async fn log_line_has_the_whole_chain() {
    let rows: [(Unlinked, &str); 5] = [
        (Unlinked::Carrier(foreign()), "Unlinked: no rows"),
        (Unlinked::Marked(foreign()), "Unlinked: no rows"),
        (Unlinked::Inner(Inner(foreign())), "Unlinked: Inner: no rows"),
        (Unlinked::Deeper(Box::new(Deeper(Inner(foreign())))), "Unlinked: Deeper: Inner: no rows"),
        (Unlinked::Optional(None), "Unlinked"),
    ];
    for (error, expected) in rows {
        assert_eq!(logged(error.into()).await, expected);
    }
    // A foreign error around a status does not hide the causes of the status.
    let around = Status::from_error(Around(Unlinked::Marked(foreign()).into()));
    assert_eq!(logged(around).await, "around: 500 Internal Server Error: Unlinked: no rows");
}

/// Returns the field `error` of the log line.
#[cfg(feature = "tracing")]
async fn logged(status: Status) -> String {
    use std::{cell::RefCell, io::Write, sync::Once};

    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    /// Collects the log lines of this thread.
    struct Collector;

    impl Write for Collector {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            TEXT.with_borrow_mut(|text| text.write(bytes))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Collector).init());
    TEXT.take();
    respond(StatusMapLayer::new(), status).await;
    let text = String::from_utf8(TEXT.take()).unwrap();
    // Text fields are quoted.
    let (_, error) = text.rsplit_once("error=\"").unwrap();
    error.split_once('"').unwrap().0.to_owned()
}
