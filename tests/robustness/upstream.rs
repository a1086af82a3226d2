//! The status that is parsed from a response equals the one that was shown.

use std::time::Duration;

use http::{StatusCode, header};
use proptest::{collection::vec, option, prelude::*, sample::select};
use tower_status::Status;

use crate::common::{now, read};
use crate::properties::config;
use crate::strategies::{code, text, value};

/// Names that a response uses for itself.
const OF_RESPONSES: [&str; 4] = ["advice", "debug", "request_id", "trace_id"];

fn status() -> impl Strategy<Value = Status> {
    let texts = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let members = vec((text(), value()), 0..6);
    let lines = vec(select(vec!["GET", "Bearer realm=\"x\"", "Basic"]), 0..3);
    (code(400..600), texts, members, option::of(0..=u64::MAX), lines).prop_map(
        |(code, (title, detail, uri, instance), members, delay, lines)| {
            let mut status = Status::new(code).expose();
            status = title.into_iter().fold(status, Status::with_title);
            status = detail.into_iter().fold(status, Status::with_detail);
            status = uri.into_iter().fold(status, Status::with_type);
            status = instance.into_iter().fold(status, Status::with_instance);
            status = delay.map(Duration::from_secs).into_iter().fold(status, Status::with_retry_after);
            for (name, value) in members.into_iter().filter(|(name, _)| !OF_RESPONSES.contains(&&**name)) {
                status = status.with_extension(name, value);
            }
            for line in lines {
                let name = if line == "GET" { header::ALLOW } else { header::WWW_AUTHENTICATE };
                status = status.with_header(name, line);
            }
            status
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_status_is_read_back_as_it_was_shown(set in status()) {
        let (parts, body) = now(read(set.clone().into_http_response()));
        let got = Status::from_problem(&parts, &body).unwrap();
        prop_assert_eq!(got.code(), set.code());
        prop_assert_eq!(
            (got.type_uri(), got.title(), got.detail(), got.instance(), got.advice()),
            (set.type_uri(), set.title(), set.detail(), set.instance(), None)
        );
        let sorted = |status: &Status| {
            let mut members = status.extensions().to_vec();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members
        };
        prop_assert_eq!(sorted(&got), sorted(&set));
        for name in [header::RETRY_AFTER, header::ALLOW] {
            let lines = |status: &Status| status.headers().get_all(&name).iter().cloned().collect::<Vec<_>>();
            prop_assert_eq!(lines(&got), lines(&set), "{}", name);
        }
        let challenges: Vec<_> = got.headers().get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
        let mut expected: Vec<_> = set.headers().get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
        if expected.is_empty() && set.code() == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2: the response has one in any case.
            expected.push("Bearer realm=\"api\"".parse().unwrap());
        }
        prop_assert_eq!(challenges, expected);
    }
}
