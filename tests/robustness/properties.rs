//! Properties that hold for every input: a status is read back as it was set, a response that passes is unchanged, a
//! clone gives the response of the original, and the same input gives the same bytes.
//!
//! `fuzz/` checks the same properties with libFuzzer; proptest finds the shortest input that breaks one.
//!
//! Every run has the same cases. For others: `PROPTEST_RNG_SEED=7 PROPTEST_CASES=20000 cargo test --test robustness properties`.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use http_body::Body;
use percent_encoding::percent_decode_str;
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::RngSeed};
use serde_json::{Map, Value, json};
use tower::{Layer, ServiceExt};
use tower_status::{
    ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators, Verdict, catalog::GrpcCode, evaluate,
};

use crate::common::{
    body::{FAILURE, Script, Step, script},
    get, now, request, returns, rpc,
};
use crate::strategies::{
    FRESHNESS, cacheable_fields, code, deciding_fields, etag, fields, request_fields, response, steps, text, value,
};

// ----- bodies -----

/// Builds a body that knows its end, and its size if `sized`.
fn body(steps: &[Step], sized: bool) -> Script {
    let length = |step: &Step| if let Step::Data(data) = step { data.len() as u64 } else { 0 };
    let body = script(steps.iter().cloned()).knows_end();
    if sized { body.exact(steps.iter().map(length).sum()) } else { body }
}

/// Returns the result of each poll of a body until its end.
fn frames<B: Body<Data = Bytes, Error = &'static str>>(body: B) -> Vec<Step> {
    let (mut body, mut steps) = (pin!(body), Vec::new());
    loop {
        steps.push(match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(None) => return steps,
            Poll::Pending => Step::Waits,
            Poll::Ready(Some(Err(error))) => {
                assert_eq!(error, FAILURE);
                Step::Fails
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Step::Data(data),
                Err(frame) => Step::Trailers(frame.into_trailers().unwrap()),
            },
        });
    }
}

/// Removes the pending polls, because a layer that reads a body may have polled it already.
fn without_waits(steps: Vec<Step>) -> Vec<Step> {
    steps.into_iter().filter(|step| *step != Step::Waits).collect()
}

fn concat(steps: &[Step]) -> Vec<u8> {
    let data = steps.iter().map(|step| if let Step::Data(data) = step { data.clone() } else { panic!("{step:?}") });
    data.collect::<Vec<_>>().concat()
}

// ----- the layer -----

fn send(
    layer: &StatusMapLayer,
    request: Request<()>,
    outcome: &Result<Response<Script>, Status>,
) -> (Parts, Vec<Step>) {
    let (parts, body) = now(layer.layer(returns(outcome.clone())).oneshot(request)).unwrap().into_parts();
    (parts, frames(body))
}

fn fail(status: &Status, accept: &str) -> (Parts, Vec<u8>) {
    let (parts, steps) = send(&StatusMapLayer::new().rpc(true), get("/", &[("accept", accept)]), &Err(status.clone()));
    (parts, concat(&steps))
}

/// RFC 9457 §3.1: the standard members.
const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// Configures the same input for every run, without a file of regressions: an input that breaks a property becomes a test.
pub(crate) fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(9110), ..config },
        RngSeed::Fixed(_) => config,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_problem_document_has_what_was_set(
        code in code(400..500),
        title in option::of(text()),
        detail in option::of(text()),
        uri in option::of(text()),
        members in vec((text(), value()), 0..6),
    ) {
        let mut status = Status::new(code);
        let mut expected = Map::from_iter([
            ("type".to_owned(), json!("about:blank")),
            ("title".to_owned(), json!(status.entry().title)),
            ("status".to_owned(), json!(code.as_u16())),
            ("detail".to_owned(), json!(status.entry().default_detail())),
        ]);
        if let Some(title) = title {
            status = status.with_title(title.clone());
            if !title.is_empty() && !title.contains(char::is_control) {
                expected.insert("title".into(), title.into());
            }
        }
        if let Some(detail) = detail {
            status = status.with_detail(detail.clone());
            if !detail.is_empty() {
                expected.insert("detail".into(), detail.into());
            }
        }
        if let Some(uri) = &uri {
            status = status.with_type(uri.clone());
        }
        for (name, value) in members {
            status = status.with_extension(name.clone(), &value);
            if !name.is_empty() && !RESERVED.contains(&&*name) {
                expected.insert(name, value);
            }
        }
        // RFC 9110 §15.5.22, RFC 6585: the response explains how to repeat the request, also beside a detail.
        if status.detail().is_some() && [426, 428, 429].contains(&code.as_u16()) {
            let advice = status.entry().for_developers;
            expected.entry("advice").or_insert_with(|| json!(advice));
        }
        let (parts, body) = fail(&status, "application/json");
        let mut found: Map<String, Value> = serde_json::from_slice(&body).unwrap();
        prop_assert_eq!(parts.status, code);
        if let Some(uri) = uri.filter(|uri| !uri.is_empty() && !uri.contains(|c: char| c.is_ascii_control())) {
            // RFC 3986 §2.1: only what needs it is percent-encoded.
            let shown = found.insert("type".into(), json!("about:blank")).unwrap();
            let shown = shown.as_str().unwrap();
            prop_assert!(percent_decode_str(shown).eq(percent_decode_str(&uri)), "{}", shown);
            let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
            prop_assert!(shown.bytes().all(allowed), "{}", shown);
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_5xx_is_the_same_in_each_format_whatever_it_hides(code in code(500..550), text in text(), value in value()) {
        let bare = Status::new(code);
        let status = bare.clone().with_detail(text.clone()).with_extension(text.clone(), value).with_source(text);
        for accept in ["application/json", "text/html", "text/plain"] {
            let ((_, shown), (_, expected)) = (fail(&status, accept), fail(&bare, accept));
            prop_assert_eq!(String::from_utf8(shown), String::from_utf8(expected));
        }
    }

    #[test]
    fn a_grpc_message_is_the_detail(code in code(400..500), detail in text()) {
        let detail = if detail.is_empty() { "some".to_owned() } else { detail };
        // The message of this code is not hidden.
        let status = Status::new(code).with_detail(detail.clone()).with_grpc_code(GrpcCode::Aborted);
        let (parts, steps) = send(&StatusMapLayer::new().rpc(true), rpc("application/grpc"), &Err(status));
        prop_assert!(steps.is_empty());
        prop_assert_eq!(&parts.headers["grpc-status"], "10");
        let message = parts.headers["grpc-message"].to_str().unwrap();
        prop_assert_eq!(percent_decode_str(message).decode_utf8().unwrap(), detail);
    }

    #[test]
    fn a_response_below_400_passes_unchanged(
        code in code(200..400),
        headers in fields(),
        steps in steps(),
        sized: bool,
        extended: bool,
        method in select(vec!["GET", "HEAD", "PUT", "POST"]),
        request_fields in request_fields(),
    ) {
        let mut response = response(code, &headers, body(&steps, sized));
        if extended {
            response.extensions_mut().insert(7_u8);
        }
        let outcome = Ok(response);
        for layer in [StatusMapLayer::new().rpc(true), StatusMapLayer::new().rpc(true).fill(false).conditional(false)] {
            let (parts, got) = send(&layer, request(method, "/", &request_fields), &outcome);
            prop_assert_eq!((parts.status, &parts.headers), (code, &headers));
            prop_assert_eq!(parts.extensions.get(), extended.then_some(&7_u8));
            prop_assert_eq!(&got, &steps);
        }
    }

    #[test]
    fn with_fill_false_an_inner_error_passes_unchanged(code in code(400..600), headers in fields(), steps in steps()) {
        let layer = StatusMapLayer::new().rpc(true).fill(false).conditional(false);
        let (parts, got) = send(&layer, get("/", &[]), &Ok(response(code, &headers, body(&steps, false))));
        prop_assert_eq!((parts.status, &parts.headers), (code, &headers));
        prop_assert_eq!(got, steps);
    }

    #[test]
    fn a_json_body_of_an_inner_error_passes_frame_by_frame(code in code(400..600), headers in fields(), steps in steps()) {
        let mut headers = headers;
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let inner = response(code, &headers, body(&steps, false));
        let (parts, got) = send(&StatusMapLayer::new().rpc(true), get("/", &[]), &Ok(inner));
        prop_assert_eq!(got, steps);
        // Fields may be added; none is removed, except that RFC 6585 forbids caches to store these codes.
        let is_never_stored = [428, 429, 431, 511].contains(&code.as_u16());
        for name in headers.keys().filter(|name| !is_never_stored || **name != header::CACHE_CONTROL) {
            prop_assert!(parts.headers.get_all(name).iter().eq(headers.get_all(name)), "{}", name);
        }
    }

    #[test]
    fn freshness_belongs_to_one_response(
        inner_code in prop_oneof![code(200..600), Just(StatusCode::OK), Just(StatusCode::PARTIAL_CONTENT)],
        headers in cacheable_fields(),
        steps in steps(),
        method in select(vec!["GET", "HEAD", "POST"]),
        request_fields in deciding_fields(),
        target in option::of(200..600_u16),
        fill: bool,
        keep: bool,
        layers in 0..4_u8,
    ) {
        let kept: Vec<_> = FRESHNESS.iter().map(|(name, _)| name.parse().unwrap()).collect();
        let mut layer = StatusMapLayer::new().rpc(true).fill(fill).keep_headers(if keep { &kept } else { &[] });
        if let Some(target) = target {
            layer = layer.map_status(move |_, _| Status::new(StatusCode::from_u16(target).unwrap()));
        }
        let inner = returns(Ok::<_, Status>(response(inner_code, &headers, body(&steps, false))));
        let asked = request(method, "/shop.Orders/Get", &request_fields);
        let conditional = ConditionalLayer::new();
        let parts = match layers {
            0 => now(layer.layer(inner).oneshot(asked)).unwrap().into_parts().0,
            1 => now((layer, conditional).layer(inner).oneshot(asked)).unwrap().into_parts().0,
            2 => now((StatusMapLayer::new(), layer).layer(inner).oneshot(asked)).unwrap().into_parts().0,
            _ => now(conditional.layer(inner).oneshot(asked)).unwrap().into_parts().0,
        };
        let became_error = inner_code.as_u16() < 400 && parts.status.as_u16() >= 400;
        // A 304 updates what a cache has (RFC 9110 §15.4.5).
        let changed = parts.status != inner_code && parts.status != StatusCode::NOT_MODIFIED;
        if became_error {
            prop_assert_eq!(&parts.headers["cache-control"], "no-store");
        }
        if changed {
            for (name, value) in FRESHNESS {
                let survives = parts.headers.get(name).is_some_and(|kept| kept == value);
                prop_assert!(!survives, "{}: {} -> {}", name, inner_code, parts.status);
            }
        }
        let is_error = inner_code.is_client_error() && parts.status == inner_code;
        if is_error && ![428, 429, 431].contains(&inner_code.as_u16()) {
            for (name, value) in FRESHNESS.iter().filter(|(name, _)| headers.contains_key(*name)) {
                prop_assert_eq!(&parts.headers[*name], value);
            }
        }
    }

    #[test]
    fn a_generated_tag_is_that_of_the_body_which_passes_unchanged(headers in fields(), steps in steps(), sized: bool, limit in 0..64_u64) {
        let inner = returns(Ok::<_, Status>(response(StatusCode::OK, &headers, body(&steps, sized))));
        let layer = ConditionalLayer::new().generate_etags(limit);
        let (mut parts, got) = now(layer.layer(inner).oneshot(get("/", &[]))).unwrap().into_parts();
        let got = frames(got);
        // Trailers end a body.
        let content = steps.iter().take_while(|step| !matches!(step, Step::Trailers(_)));
        let all: Vec<u8> = content.filter_map(|step| if let Step::Data(data) = step { Some(data) } else { None }).flatten().copied().collect();
        if !headers.contains_key(header::ETAG) && let Some(tag) = parts.headers.remove(header::ETAG) {
            prop_assert!(sized && all.len() as u64 <= limit);
            prop_assert_eq!(tag, HeaderValue::from(ETag::of_bytes(&all)));
        }
        prop_assert_eq!(&parts.headers, &headers);
        prop_assert_eq!(without_waits(got), without_waits(steps));
    }

    #[test]
    fn a_clone_and_the_same_input_give_the_same_response(
        code in code(300..600),
        detail in text(),
        members in vec((text(), value()), 0..4),
        headers in fields(),
        accept in prop_oneof![Just("text/html"), Just("application/json"), Just("text/plain")],
    ) {
        let build = || {
            let status = Status::new(code).with_detail(detail.clone());
            let status = headers.iter().fold(status, |status, (name, value)| status.with_header(name, value));
            members.iter().fold(status, |status, (name, value)| status.with_extension(name.clone(), value))
        };
        let status = build();
        let clone = status.clone();
        let (original, cloned, again) = (fail(&status, accept), fail(&clone, accept), fail(&build(), accept));
        for other in [cloned, again] {
            prop_assert_eq!((&original.0.headers, original.0.status, &original.1), (&other.0.headers, other.0.status, &other.1));
        }
        // Changing a clone does not change the original.
        let _ = clone.with_detail("other").with_header("x-other", "1").with_extension("other", 1);
        prop_assert_eq!(&fail(&status, accept).1, &original.1);
        let again = build();
        prop_assert_eq!(status.headers(), again.headers());

        let layer = StatusMapLayer::new().rpc(true).default_challenge("Basic");
        let service = layer.layer(returns(Err::<Response<Script>, _>(status)));
        let responses = [service.clone(), service].map(|service| {
            let (parts, body) = now(service.oneshot(get("/", &[]))).unwrap().into_parts();
            (parts.status, parts.headers, frames(body))
        });
        prop_assert_eq!(&responses[0], &responses[1]);
    }

    #[test]
    fn tags_compare_by_their_opaque_parts_and_weakness(one in etag(), other in etag()) {
        // RFC 9110 §8.8.3.2
        let opaque = |tag: &ETag| tag.to_string().trim_start_matches("W/").to_owned();
        let same = opaque(&one) == opaque(&other);
        prop_assert_eq!(one.weak_eq(&other), same);
        prop_assert_eq!(one.strong_eq(&other), same && !one.is_weak() && !other.is_weak());
        prop_assert_eq!(one.strong_eq(&other), other.strong_eq(&one));
        prop_assert_eq!(ETag::parse(one.to_string()), Ok(one.clone()));
        prop_assert_eq!(ETag::try_from(&HeaderValue::from(&one)), Ok(one));
    }

    #[test]
    fn a_list_is_the_same_in_one_line_and_in_many(tags in vec(etag(), 1..6), current in etag(), cut in 0..6_usize) {
        // RFC 9110 §5.3
        let current = Validators::new().with_etag(current);
        let line = |tags: &[ETag]| HeaderValue::try_from(tags.iter().map(ETag::to_string).collect::<Vec<_>>().join(" ,,")).unwrap();
        for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
            let one = HeaderMap::from_iter([(name.clone(), line(&tags))]);
            let mut many = HeaderMap::new();
            let (before, after) = tags.split_at(cut.min(tags.len()));
            for part in [before, after] {
                many.append(&name, line(part));
            }
            for method in [Method::GET, Method::PUT] {
                let verdict = evaluate(&method, &one, Some(&current));
                prop_assert_eq!(evaluate(&method, &many, Some(&current)), verdict);
                // The copy that `Preconditions` keeps gives the same result.
                let kept = Preconditions::new(&method, &many);
                let codes = [kept.clone(), kept].map(|kept| kept.check(Some(&current)).map_err(|status| status.code()));
                prop_assert_eq!(&codes[0], &codes[1]);
                prop_assert_eq!(codes[0].is_ok(), verdict == Verdict::Proceed);
            }
        }
    }
}
