//! The negotiation of the format with Accept.

use headers::Header;
use headers_accept::Accept;
use http::{HeaderMap, HeaderValue, header::ACCEPT};
use mediatype::{MediaType, names};
use negotiator::Negotiator;
use tower_status::Format;

use super::{CHROMIUM, Table, repeated};

const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

pub(crate) fn accept(table: &mut Table) {
    for (work, value) in [
        ("Firefox", FIREFOX.to_owned()),
        ("Chromium", CHROMIUM.to_owned()),
        ("10 members", "image/png;q=0.5,".repeat(9) + "text/html"),
        ("100 members", "image/png;q=0.5,".repeat(99) + "text/html"),
    ] {
        let text: &'static str = value.leak();
        table.work("Accept", work);
        table.by("tower-status", move || {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(text))]);
            repeated(move || {
                let read = Format::preferred(&headers, &[Format::Json, Format::Html, Format::Text]);
                assert_eq!(read, Some(Format::Html));
            })
        });
        table.by("negotiator", move || {
            let value = HeaderValue::from_static(text);
            repeated(move || {
                let negotiator = Negotiator::new().accept(value.to_str().unwrap());
                let read = negotiator.media_type(Some(&["application/problem+json", "text/html", "text/plain"]));
                assert_eq!(read.as_deref(), Some("text/html"));
            })
        });
        table.by("headers-accept", move || {
            const JSON: MediaType<'_> = MediaType::new(names::APPLICATION, names::JSON);
            const HTML: MediaType<'_> = MediaType::new(names::TEXT, names::HTML);
            const TEXT: MediaType<'_> = MediaType::new(names::TEXT, names::PLAIN);
            let value = HeaderValue::from_static(text);
            repeated(move || {
                let accept = Accept::decode(&mut [&value].into_iter()).unwrap();
                assert_eq!(accept.negotiate(&[JSON, HTML, TEXT]), Some(&HTML));
            })
        });
    }
}
