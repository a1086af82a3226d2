//! Nested statuses, each the source of the next: dropping them must not overflow the stack.

use std::{sync::Arc, thread};

use tower_status::{IntoStatus, Status};

use crate::common::error::Wrapper;

/// An application's error that has a `Status` as its source.
#[derive(Debug, thiserror::Error)]
#[error("failed again")]
struct Again(#[source] Status);

impl IntoStatus for Again {
    fn status(&self) -> Status {
        Status::bad_gateway()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("failed again")]
struct Shared(#[source] Arc<Status>);

type Nest = fn(Status) -> Status;

fn ways() -> Vec<(&'static str, Nest)> {
    #[cfg_attr(not(any(feature = "anyhow", feature = "eyre", feature = "tonic")), allow(unused_mut))]
    let mut ways: Vec<(&'static str, Nest)> = vec![
        ("a Status", |status| Status::conflict().with_source(status)),
        ("a Box", |status| Status::conflict().with_source(Box::new(status))),
        ("an Arc", |status| Status::conflict().with_source(Arc::new(status))),
        ("an Arc in an error", |status| Status::conflict().with_source(Shared(Arc::new(status)))),
        ("a foreign error", |status| Status::conflict().with_source(Wrapper(status.into()))),
        ("a carrier", |status| Status::from_error(Wrapper(status.into()))),
        ("an error of the application", |status| Again(status).into()),
        ("an io::Error", |status| std::io::Error::other(status).into()),
    ];
    #[cfg(feature = "anyhow")]
    ways.push(("a report", |status| {
        Status::conflict().with_source(anyhow::Error::from(status).context("failed again"))
    }));
    #[cfg(feature = "anyhow")]
    ways.push(("the context of a report", |status| anyhow::anyhow!("failed again").context(status).into()));
    #[cfg(feature = "eyre")]
    ways.push(("the context of an eyre report", |status| eyre::eyre!("failed again").wrap_err(status).into()));
    #[cfg(feature = "tonic")]
    ways.push(("a tonic::Status", |status| Status::conflict().with_source(tonic::Status::from(status))));
    ways
}

fn chain(status: &Status) -> Vec<String> {
    let (mut next, mut texts) = (status.source(), Vec::new());
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts
}

#[test]
fn ten_thousand_nested_statuses_are_dropped_without_much_stack() {
    for (name, nest) in ways() {
        let thread = thread::Builder::new().stack_size(256 * 1024);
        let dropped = thread.spawn(move || {
            let mut status = Status::gone().with_detail("the first");
            for _ in 0..10_000 {
                status = nest(status);
            }
            // Printing it and walking the chain end as well.
            let _ = format!("{status:?} {status}");
            let clone = status.clone();
            drop(status);
            drop(clone);
        });
        assert!(dropped.unwrap().join().is_ok(), "{name}");
    }
}

#[test]
fn sixty_four_statuses_are_kept_and_the_text_of_more() {
    let nested = |count: usize| {
        (1..=count).fold(Status::gone().with_detail("number 0"), |status, number| {
            Status::conflict().with_detail(format!("number {number}")).with_source(status)
        })
    };
    let errors = chain(&nested(64));
    assert_eq!((errors.len(), &*errors[0], &*errors[63]), (64, "409 Conflict: number 63", "410 Gone: number 0"));

    let status = nested(65);
    let errors = chain(&status);
    let [text] = &errors[..] else { panic!("{errors:?}") };
    assert!(text.starts_with("409 Conflict: number 64: 409 Conflict: number 63: "), "{text}");
    assert!(text.ends_with(": 410 Gone: number 0"), "{text}");
    assert!(!status.source().unwrap().is::<Status>());

    // The text is limited, whatever the nested statuses.
    let long = (0..1000)
        .fold(Status::gone(), |status, _| Status::conflict().with_detail("é".repeat(1000)).with_source(status));
    let longest = chain(&long).into_iter().map(|text| text.len()).max().unwrap();
    assert!(longest <= 8 * 1024 + "…".len(), "{longest}");
}

/// A chain of foreign errors between two statuses does not hide that they are nested.
#[test]
fn foreign_errors_between_statuses_are_not_counted() {
    let mut status = Status::gone();
    for _ in 0..64 {
        status = Status::conflict().with_source(Wrapper(Box::new(Wrapper(Box::new(status)))));
    }
    assert!(chain(&status).len() > 64 * 2);
    let status = Status::conflict().with_source(Wrapper(Box::new(status)));
    assert_eq!(chain(&status).len(), 1);
}
