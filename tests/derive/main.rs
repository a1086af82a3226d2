//! `#[derive(IntoStatus)]`: what each key does in each place, what is documented, and what a carrier carries.
#![cfg(feature = "derive")]
// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::{Value, json};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_status::{Documented, DocumentedStatus, IntoStatus, Status, StatusMapLayer};

// What must compile, and what it does.

mod cfg;
mod compared;
mod generics;
mod hygiene;
mod raw;
mod renamed;
mod shapes;

// ----- Keys -----

#[derive(Debug)]
struct Item {
    name: &'static str,
}

impl Serialize for Item {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "name": self.name }).serialize(serializer)
    }
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
enum Said {
    #[status(404)]
    Number,
    #[status(NOT_FOUND)]
    Constant,
    #[status(StatusCode::NOT_FOUND)]
    Path,
    #[status(http::StatusCode::NOT_FOUND)]
    LongPath,
    #[status(499)]
    Unregistered,
    #[status(550)]
    PermissionDenied,
    #[status(404, title = "Missing")]
    Title,
    #[status(404)]
    #[status(title = "Missing")]
    TwoAttributes,
    #[status(404, type = "/problems/x")]
    Type,
    #[status(404, instance = "/orders/8")]
    Instance,
    #[status(404, instance = "/orders/{0}")]
    InstanceOf(&'static str),
    #[status(404, detail = "a {{literal}}")]
    Detail,
    #[status(404, detail = "{{{0:>1$}}} {0:02x} {2:?}")]
    DetailOf(u8, usize, Item),
    #[status(404, detail = "{id} {name}")]
    DetailNamed { id: u8, name: String },
    #[status(401, challenge = "Bearer")]
    Challenge,
    #[status(407, challenge = "Basic")]
    ProxyChallenge,
    #[status(405, allow = "GET, HEAD")]
    Allow,
    #[status(405, allow = "")]
    AllowNothing,
    #[status(405, header("Allow" = "GET"))]
    AllowByName,
    #[status(426, header("Upgrade" = "websocket"))]
    Upgrade,
    #[status(409, header("x-a" = "1"), header("x-a" = "2"), header("x-b" = "3"))]
    Headers,
    #[status(503, grpc = RESOURCE_EXHAUSTED)]
    Grpc,
    #[status(503, grpc = GrpcCode::ResourceExhausted)]
    GrpcPath,
    #[status(503, expose)]
    Expose,
    #[status(503, retry_after = 30)]
    RetryAfter,
    #[status(503, retry_after = wait)]
    RetryAfterField { wait: Duration },
    #[status(503)]
    RetryAfterMarked(#[status(retry_after)] Duration),
    #[status(429)]
    RetryAfterSeconds(#[status(retry_after)] i64),
    #[status(503)]
    RetryAfterMaybe(#[status(retry_after)] Option<u16>),
    #[status(303, location = "/orders")]
    Location,
    #[status(303, location = "/orders/{id}/lines?of={name}#{id}")]
    LocationOf { id: u64, name: &'static str },
    #[status(303, location = to)]
    LocationField { to: String },
    #[status(303)]
    LocationMarked(#[status(location)] http::Uri),
    #[status(302, header("Location" = "/x"))]
    LocationByName,
    #[status(404)]
    Extensions(#[status(extension = "item")] Item, #[status(extension = "n")] Option<u8>),
    #[status(404)]
    ExtensionNamed {
        #[status(extension)]
        order: u64,
        #[status(extension = "shelf")]
        at: &'static str,
    },
}

/// All that it says, apart from the error's message.
fn said(status: &Status) -> String {
    let mut said = status.code().as_str().to_owned();
    let texts = [("title", status.title()), ("type", status.type_uri()), ("instance", status.instance())];
    let detail = ("detail", status.detail().filter(|detail| *detail != "message"));
    for (name, text) in texts.into_iter().chain([detail]) {
        said.extend(text.map(|text| format!(" {name}={text}")));
    }
    said.extend(status.headers().iter().map(|(name, value)| format!(" {name}: {}", value.to_str().unwrap())));
    said.extend(status.extensions().iter().map(|(name, value)| format!(" {name}={value}")));
    said.extend(status.grpc_code().map(|code| format!(" grpc={code}")));
    said + if status.is_exposed() { " exposed" } else { "" }
}

#[test]
fn each_key() {
    let rows = [
        (Said::Number, "404"),
        (Said::Constant, "404"),
        (Said::Path, "404"),
        (Said::LongPath, "404"),
        (Said::Unregistered, "499"),
        (Said::PermissionDenied, "550"),
        (Said::Title, "404 title=Missing"),
        (Said::TwoAttributes, "404 title=Missing"),
        (Said::Type, "404 type=/problems/x"),
        (Said::Instance, "404 instance=/orders/8"),
        (Said::InstanceOf("a/ä"), "404 instance=/orders/a%2F%C3%A4"),
        (Said::Detail, "404 detail=a {literal}"),
        (Said::DetailOf(9, 3, Item { name: "x" }), "404 detail={  9} 09 Item { name: \"x\" }"),
        (Said::DetailNamed { id: 1, name: "y".into() }, "404 detail=1 y"),
        (Said::Challenge, "401 www-authenticate: Bearer"),
        (Said::ProxyChallenge, "407 proxy-authenticate: Basic"),
        (Said::Allow, "405 allow: GET, HEAD"),
        (Said::AllowNothing, "405 allow: "),
        (Said::AllowByName, "405 allow: GET"),
        (Said::Upgrade, "426 upgrade: websocket"),
        (Said::Headers, "409 x-a: 1 x-a: 2 x-b: 3"),
        (Said::Grpc, "503 grpc=RESOURCE_EXHAUSTED"),
        (Said::GrpcPath, "503 grpc=RESOURCE_EXHAUSTED"),
        (Said::Expose, "503 exposed"),
        (Said::RetryAfter, "503 retry-after: 30"),
        (Said::RetryAfterField { wait: Duration::from_millis(1500) }, "503 retry-after: 2"),
        (Said::RetryAfterMarked(Duration::from_secs(7)), "503 retry-after: 7"),
        (Said::RetryAfterSeconds(7), "429 retry-after: 7"),
        (Said::RetryAfterSeconds(-7), "429 retry-after: 1"),
        (Said::RetryAfterMaybe(Some(7)), "503 retry-after: 7"),
        (Said::RetryAfterMaybe(None), "503"),
        (Said::Location, "303 location: /orders"),
        (Said::LocationField { to: "/a b".into() }, "303 location: /a%20b"),
        (Said::LocationMarked("/x?y".parse().unwrap()), "303 location: /x?y"),
        (Said::LocationByName, "302 location: /x"),
        (Said::Extensions(Item { name: "x" }, None), "404 item={\"name\":\"x\"} n=null"),
        (Said::ExtensionNamed { order: 8, at: "a" }, "404 order=8 shelf=\"a\""),
    ];
    for (error, expected) in rows {
        assert_eq!(said(&error.status()), expected, "{error:?}");
    }
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
#[status(303, location = "/{0}{1}/x")]
struct Moved(&'static str, &'static str);

#[test]
fn a_value_stays_in_its_segment() {
    // Expected values: RFC 3986 §2.1 by hand. What no encoding keeps in its place makes a 500 of the redirect.
    let rows = [
        ("a", "303 location: /orders/7/lines?of=a#7"),
        ("", "303 location: /orders/7/lines?of=#7"),
        ("a&b=c d%", "303 location: /orders/7/lines?of=a%26b%3Dc%20d%25#7"),
        ("\r\nset-cookie: x", "303 location: /orders/7/lines?of=%0D%0Aset-cookie%3A%20x#7"),
    ];
    for (name, expected) in rows {
        assert_eq!(said(&Said::LocationOf { id: 7, name }.status()), expected, "{name:?}");
    }
    let rows = [
        ("a", "b", "303 location: /ab/x"),
        ("/", "?#", "303 location: /%2F%3F%23/x"),
        ("..", "a", "303 location: /..a/x"),
        ("%2e", ".", "303 location: /%252e./x"),
        ("", "", "500"),
        (".", "", "500"),
        (".", ".", "500"),
    ];
    for (first, second, expected) in rows {
        assert_eq!(said(&Moved(first, second).status()), expected, "{first:?} {second:?}");
    }
    assert_eq!(said(&Said::LocationField { to: "a\r\nb".into() }.status()), "500");
    assert_eq!(said(&Said::LocationField { to: String::new() }.status()), "500");
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
#[status(404, title = "Missing", header("x-a" = "1"))]
struct Keyed {
    #[status(extension)]
    id: u8,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(default = SERVICE_UNAVAILABLE)]
enum Defaulted {
    #[error("message")]
    Bare,
    #[error("message")]
    #[status(title = "Down", retry_after = 5)]
    Keys,
    #[error("message")]
    #[status(404)]
    Own,
}

#[test]
fn structs_and_defaults() {
    assert_eq!(said(&Keyed { id: 1 }.status()), "404 title=Missing x-a: 1 id=1");
    let rows = [(Defaulted::Bare, "503"), (Defaulted::Keys, "503 title=Down retry-after: 5"), (Defaulted::Own, "404")];
    for (error, expected) in rows {
        assert_eq!(said(&error.status()), expected, "{error:?}");
    }
}

#[test]
fn the_message_is_the_detail_unless_another_is_said() {
    assert_eq!(Status::from(Said::Number).detail(), Some("message"));
    assert_eq!(Status::from(Said::Detail).detail(), Some("a {literal}"));
    assert_eq!(Status::from(Said::Number).to_string(), "404 Not Found: message");
    assert_eq!(Status::from(Said::RetryAfter).to_string(), "503 Service Unavailable");
    assert_eq!(Status::from(Said::Expose).to_string(), "503 Service Unavailable: message");
    assert!(Status::from(Said::Number).source().unwrap().is::<Said>());
}

// ----- STATUSES -----

const fn one(code: StatusCode) -> DocumentedStatus {
    DocumentedStatus::new(code)
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[allow(dead_code)] // documented, not made
enum Stock {
    #[error("{0} sold out")]
    #[status(409, type = "/sold-out")]
    SoldOut(&'static str),
    #[error("stock-taking")]
    #[status(503)]
    Closed,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[allow(dead_code)] // documented, not made
enum Shop<E> {
    #[error("order {order_id} does not exist")]
    #[status(404, title = "Missing", type = "/missing")]
    NoSuchOrder { order_id: u64 },
    #[error("internal {0}")]
    #[status(404, detail = "no order {0:?}")]
    Detail(u64),
    #[error("shown {0}")]
    #[status(500, expose)]
    Exposed(u64),
    #[error(transparent)]
    #[status(transparent)]
    Stock(#[from] Stock),
    #[error("boxed")]
    #[status(transparent)]
    Boxed(#[source] Box<Stock>),
    #[error("generic")]
    #[status(transparent)]
    Generic(E),
    #[error("foreign")]
    #[status(from_error)]
    Foreign(#[source] io::Error),
}

#[test]
fn what_a_type_can_answer() {
    const STOCK: &[Documented] = &[
        Documented::One(one(StatusCode::CONFLICT).with_type("/sold-out").with_detail("{0} sold out")),
        // The detail of a 5xx is for nobody to read.
        Documented::One(one(StatusCode::SERVICE_UNAVAILABLE)),
    ];
    const KEYED: &[Documented] =
        &[Documented::One(one(StatusCode::NOT_FOUND).with_title("Missing").with_detail("message"))];
    assert_eq!(Stock::STATUSES, STOCK);
    // thiserror takes the message of the enum where a variant has none.
    assert_eq!(Said::STATUSES[0], Documented::One(one(StatusCode::NOT_FOUND).with_detail("message")));
    let missing = one(StatusCode::NOT_FOUND).with_title("Missing").with_type("/missing");
    let expected = [
        Documented::One(missing.with_detail("order {order_id} does not exist")),
        Documented::One(one(StatusCode::NOT_FOUND).with_detail("no order {0:?}")),
        Documented::One(one(StatusCode::INTERNAL_SERVER_ERROR).with_detail("shown {0}")),
        Documented::All(STOCK),
        Documented::All(STOCK),
        Documented::All(KEYED),
        Documented::One(one(StatusCode::INTERNAL_SERVER_ERROR)),
    ];
    assert_eq!(Shop::<Keyed>::STATUSES, expected);
    let codes: Vec<_> = Documented::All(Shop::<Keyed>::STATUSES).iter().map(|status| status.code.as_u16()).collect();
    assert_eq!(codes, [404, 404, 500, 409, 503, 409, 503, 404, 500]);
}

// ----- Transparent variants and causes -----

/// The messages of the chain, from the error on.
fn chain(status: &Status) -> Vec<String> {
    // A boxed status shows the links that only a type knows, one after the other.
    let mut texts = Vec::new();
    let mut next = status.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts
}

#[test]
fn a_transparent_variant_says_what_the_inner_error_says() {
    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("the price of {0} changed")]
    #[status(409, title = "Changed", detail = "look at {0} again")]
    struct Price(&'static str);

    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Outer {
        #[error("stock: {0}")]
        #[status(transparent)]
        Stock(#[source] Stock),
        #[error("price")]
        #[status(transparent)]
        Price(Arc<Price>),
    }

    // The inner message, not the one that the outer error puts around it.
    let status = Status::from(Outer::Stock(Stock::SoldOut("tulips")));
    assert_eq!(said(&status), "409 type=/sold-out detail=tulips sold out");
    assert_eq!(chain(&status), ["stock: tulips sold out", "tulips sold out"]);
    let status = Status::from(Outer::Price(Arc::new(Price("tulips"))));
    assert_eq!(said(&status), "409 title=Changed detail=look at tulips again");
    assert!(status.source().unwrap().is::<Outer>());
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

/// The causes that no `Error::source` names, each in a variant of its own.
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
    #[allow(dead_code)] // the other one
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

macro_rules! nameless {
    ($($error:ty)*) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($error))
            }
        }

        impl Error for $error {}
    )*};
}

nameless! { Unlinked Inner Deeper }

fn foreign() -> Foreign {
    Foreign("no rows")
}

/// What the layer makes of it, if `map_error` makes 410 of the foreign error.
async fn answer(layer: StatusMapLayer, error: impl Into<Status>) -> (StatusCode, HeaderMap, Value) {
    let status: Status = error.into();
    let service = service_fn(async |_: Request<()>| Err::<Response<String>, _>(status.clone()));
    let response = layer.layer(service).oneshot(Request::new(())).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}

fn knowing() -> StatusMapLayer {
    StatusMapLayer::new().map_error(|error: &Foreign| (error.0 == "no rows").then(Status::gone))
}

#[tokio::test]
async fn a_carrier_is_what_the_layer_knows_of_its_cause() {
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
        assert_eq!(answer(knowing(), error()).await.0, expected, "{:?}", error());
        // In a box, as a tower layer gives it on, the layer must be told of the type.
        let boxed = Status::from_error(error());
        assert_eq!(answer(knowing().recognize::<Unlinked>(), boxed).await.0, expected, "boxed {:?}", error());
        assert_eq!(answer(StatusMapLayer::new(), error()).await.0, 500, "{:?}", error());
    }
    let nested: [fn() -> Unlinked; 2] =
        [|| Unlinked::Inner(Inner(foreign())), || Unlinked::Deeper(Box::new(Deeper(Inner(foreign()))))];
    for error in nested {
        assert_eq!(answer(knowing(), error()).await.0, 410, "{:?}", error());
        let boxed = Status::from_error(error());
        assert_eq!(answer(knowing().recognize::<Unlinked>(), boxed).await.0, 410, "boxed {:?}", error());
    }
}

#[tokio::test]
async fn a_carrier_shows_nothing_of_what_it_carries() {
    let (code, _, body) = answer(StatusMapLayer::new(), Unlinked::Carrier(foreign())).await;
    assert_eq!(code, 500);
    assert!(!body.to_string().contains("rows") && !body.to_string().contains("Unlinked"), "{body}");
    let (_, _, body) = answer(knowing(), Unlinked::Carrier(foreign())).await;
    assert_eq!(body["title"], json!("Gone"));
    assert!(!body.to_string().contains("Unlinked"), "{body}");
}

#[tokio::test]
async fn thiserrors_transparent_hides_no_carrier() {
    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Db {
        // Of such a one `source()` is the cause of the foreign error, and not that error.
        #[error(transparent)]
        #[status(from_error)]
        Failed(#[from] io::Error),
    }
    let layer = StatusMapLayer::new().map_error(|_: &io::Error| Some(Status::gone()));
    assert_eq!(answer(layer, Db::from(io::Error::from_raw_os_error(2))).await.0, 410);
}

#[cfg(feature = "tracing")]
#[derive(Debug, thiserror::Error)]
#[error("around")]
struct Around(#[source] Status);

#[cfg(feature = "tracing")]
#[tokio::test]
async fn the_log_has_the_whole_chain() {
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
    // Around a status: its causes are still known.
    let around = Status::from_error(Around(Unlinked::Marked(foreign()).into()));
    assert_eq!(logged(around).await, "around: 500 Internal Server Error: Unlinked: no rows");
}

/// The field `error` of the log line.
#[cfg(feature = "tracing")]
async fn logged(status: Status) -> String {
    use std::{cell::RefCell, io::Write, sync::Once};

    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    /// What this test's thread logs.
    struct Here;

    impl Write for Here {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            TEXT.with_borrow_mut(|text| text.write(bytes))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Here).init());
    TEXT.take();
    answer(StatusMapLayer::new(), status).await;
    let text = String::from_utf8(TEXT.take()).unwrap();
    text.trim_end().rsplit_once("error=").unwrap().1.to_owned()
}
