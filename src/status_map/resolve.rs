//! Finds the status of a carried error in its chain of causes.

use std::{any::type_name, error::Error, io, sync::Arc, time::Duration};

use http_body_util::LengthLimitError;
use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

use crate::{
    IntoStatus, Status,
    catalog::GrpcCode,
    status::{Cause, CauseOf, LINKS, Source},
};

/// A mapping of one error type, added by `map_error` or `recognize`.
#[derive(Clone)]
pub(crate) struct Mapper {
    status: Arc<StatusOf>,
    /// The causes that `Error::source` leaves out.
    cause: Option<CauseOf>,
    /// The option of the layer, and the type of the error.
    name: (&'static str, &'static str),
    /// Whether an error has the type.
    matches: fn(Cause<'_>) -> bool,
}

impl Mapper {
    /// Returns the name of the type, if the error has it.
    pub(super) fn type_of(&self, link: Cause<'_>) -> Option<&'static str> {
        (self.matches)(link).then_some(self.name.1)
    }
}

/// How the status of an error was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MappedBy {
    /// The error has its own status.
    Itself,
    /// The option of the layer, and the type of the error.
    Mapper((&'static str, &'static str)),
    BuiltIn,
    Nothing,
}

type StatusOf = dyn Fn(Cause<'_>) -> Option<Status> + Send + Sync;

/// Maps a foreign error type.
pub(crate) fn map_error<E: Error + Send + Sync + 'static>(
    map: impl Fn(&E) -> Option<Status> + Send + Sync + 'static,
) -> Mapper {
    Mapper {
        status: Arc::new(move |link| link.find().and_then(&map)),
        cause: None,
        name: ("map_error", type_name::<E>()),
        matches: |link| link.find::<E>().is_some(),
    }
}

/// Maps an error type of the application.
pub(crate) fn recognize<E: IntoStatus>() -> Mapper {
    let status = |link: Cause<'_>| {
        let error: &E = link.find()?;
        let mut status = error.status().without_source();
        status.set_detail_from(error);
        Some(status)
    };
    Mapper {
        status: Arc::new(status),
        cause: E::__CAUSE,
        name: ("recognize", type_name::<E>()),
        matches: |link| link.find::<E>().is_some(),
    }
}

/// Returns the final status of a carried error: that of an error that the application maps, otherwise a built-in one,
/// otherwise a 500.
pub(super) fn resolve(status: Status, mappers: &[Mapper]) -> (Status, MappedBy) {
    if !status.is_unresolved() {
        return (status, MappedBy::Itself);
    }
    let found = status
        .source_link()
        .map(|source| source.clone().with_causes(mappers.iter().filter_map(|mapper| mapper.cause)))
        .and_then(|source| {
            let by_mapper = mapped(&source, mappers, &mut LINKS.clone());
            by_mapper.or_else(|| Some((built_in(&source, &status)?, MappedBy::BuiltIn)))
        });
    match found {
        Some((found, by)) if status.is_provisional() => (found, by),
        Some((found, by)) => (found.inherit_from(&status), by),
        None if status.is_provisional() => (status.resolved(), MappedBy::Itself),
        None => (status.unmapped(), MappedBy::Nothing),
    }
}

/// Returns the status of the outermost error that the application maps. The search stops at a `Status`.
fn mapped(source: &Source, mappers: &[Mapper], links: &mut usize) -> Option<(Status, MappedBy)> {
    let mut provisional = None;
    for (depth, link) in source.chain().enumerate() {
        // One limit for all chains, so that nested carriers end.
        *links = links.checked_sub(1)?;
        for mapper in mappers {
            let Some(mut status) = (mapper.status)(link) else { continue };
            if !status.is_unresolved() {
                if status.source_link().is_none() {
                    status.set_source(source.at(depth));
                }
                return Some((status, MappedBy::Mapper(mapper.name)));
            }
            // The mapped error is a carrier: the error that it carries comes before the rest of the chain.
            let carried = status.source_link().and_then(|inner| mapped(inner, mappers, links));
            if carried.is_some() {
                return carried;
            }
            if status.is_provisional() {
                let status = status.resolved().with_source_link(source.at(depth));
                provisional.get_or_insert((status, MappedBy::Mapper(mapper.name)));
            }
        }
        if own_status(link).is_some() {
            return None;
        }
    }
    provisional
}

/// Returns the status that the application has chosen for this link: a cause does not override it.
fn own_status(link: Cause<'_>) -> Option<&Status> {
    link.find::<Status>().filter(|status| !status.is_unresolved())
}

/// Returns the status of the outermost error that is known without a mapping.
fn built_in(source: &Source, carrier: &Status) -> Option<Status> {
    let mut wrapper_status = None;
    let mut only_carriers = true;
    for (depth, link) in source.chain().enumerate() {
        if let Some(own) = own_status(link) {
            // A provisional carrier already is this status, with what the application has set on it since.
            let status = if carrier.is_provisional() { carrier.clone().resolved() } else { own.clone() };
            // Keeps the errors around the status for the log. The context of a report has no source.
            return Some(match (depth, own.source_link()) {
                (0, Some(inner)) => status.with_source_link(inner.clone()),
                (_, Some(_)) => status.with_source_link(source.at(depth + 1)),
                (0, None) if !link.is_report() => status,
                (_, None) => status.with_source_link(source.at(0)),
            });
        }
        if let Some(status) = known(link, only_carriers) {
            // A mapping may set its own source, so that a secret in the error's Display is not logged.
            return Some(if status.source_link().is_some() {
                status
            } else {
                status.with_source_link(source.at(depth))
            });
        }
        only_carriers &= is_carrier(link) || source.carries && depth == 0;
        if wrapper_status.is_none() {
            wrapper_status = wrapper(link).map(|status| status.with_source_link(source.at(depth)));
        }
    }
    wrapper_status
}

/// Returns whether a link only carries its cause, without describing it.
fn is_carrier(link: Cause<'_>) -> bool {
    link.is_report()
        || link.find::<io::Error>().is_some_and(|error| error.get_ref().is_some())
        || link.find::<Status>().is_some_and(Status::is_unresolved)
        || link.is_shared()
}

/// Returns the status of the errors of tower, axum, tonic, validator and garde. `is_direct`: only carriers are
/// around the error.
fn known(link: Cause<'_>, is_direct: bool) -> Option<Status> {
    if link.find::<Elapsed>().is_some() {
        // Not 408: the request did arrive, and a client may repeat a 408 by itself (RFC 9110 §15.5.9).
        return Some(Status::service_unavailable().with_grpc_code(GrpcCode::DeadlineExceeded));
    }
    if link.find::<Overloaded>().is_some() {
        let status = Status::service_unavailable().with_grpc_code(GrpcCode::ResourceExhausted);
        return Some(status.with_retry_after(Duration::from_secs(1)));
    }
    if link.find::<LengthLimitError>().is_some() {
        return Some(Status::payload_too_large());
    }
    #[cfg(feature = "axum")]
    if let Some(status) = crate::axum::status_of(link.error()) {
        return Some(status);
    }
    #[cfg(feature = "tonic")]
    if let Some(error) = link.find::<tonic::Status>() {
        let status = error.status();
        // Inside another error, it is the status of an upstream, whose message is not for our clients.
        return Some(if is_direct { status } else { Status::new(status.code()).with_grpc_code(error.code().into()) });
    }
    #[cfg(feature = "tonic")]
    if link.find::<tonic::TimeoutExpired>().is_some() {
        return Some(Status::service_unavailable().with_grpc_code(GrpcCode::DeadlineExceeded));
    }
    let _ = is_direct;
    #[cfg(any(feature = "validator", feature = "garde"))]
    if let Some(status) = crate::validation::status_of(link.error()) {
        return Some(status);
    }
    #[cfg(feature = "buffer")]
    if link.find::<tower::buffer::error::Closed>().is_some() {
        return Some(Status::service_unavailable());
    }
    None
}

/// Returns the status of wrapper errors, which describe where something failed, not why. Used unless the cause has a status.
fn wrapper(link: Cause<'_>) -> Option<Status> {
    #[cfg(feature = "buffer")]
    if link.find::<tower::buffer::error::ServiceError>().is_some() {
        return Some(Status::service_unavailable());
    }
    let _ = link;
    None
}
