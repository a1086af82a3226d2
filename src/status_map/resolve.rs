//! Error ─► [`Status`]: what a carried error is.

use std::{error::Error, io, sync::Arc, time::Duration};

use http_body_util::LengthLimitError;
use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

use crate::{
    IntoStatus, Status,
    catalog::GrpcCode,
    status::{CauseOf, LINKS, Source},
};

/// What `map_error` or `recognize` added: the status of one type of error, and the causes that only this type knows.
#[derive(Clone)]
pub(crate) struct Mapper {
    status: Arc<StatusOf>,
    cause: Option<CauseOf>,
}

type StatusOf = dyn Fn(&(dyn Error + 'static)) -> Option<Status> + Send + Sync;

pub(crate) fn map_error<E: Error + 'static>(map: impl Fn(&E) -> Option<Status> + Send + Sync + 'static) -> Mapper {
    Mapper { status: Arc::new(move |error| error.downcast_ref().and_then(&map)), cause: None }
}

pub(crate) fn recognize<E: IntoStatus>() -> Mapper {
    let status = |error: &(dyn Error + 'static)| {
        let error: &E = error.downcast_ref()?;
        let mut status = error.status().without_source();
        status.set_detail_from(error);
        Some(status)
    };
    Mapper { status: Arc::new(status), cause: E::__CAUSE }
}

/// What the carried error is: said by the application, else built in, else a 500.
pub(super) fn resolve(status: Status, mappers: &[Mapper]) -> Status {
    if !status.is_unresolved() {
        return status;
    }
    let found = status
        .source_link()
        .map(|source| source.clone().knowing(mappers.iter().filter_map(|mapper| mapper.cause)))
        .and_then(|source| search(&source, mappers, &mut LINKS.clone()).or_else(|| built_in(&source)));
    match found {
        Some(found) => found.inherit_from(&status),
        None => status.resolved(),
    }
}

/// The outermost error that the application knows.
fn search(source: &Source, mappers: &[Mapper], links: &mut usize) -> Option<Status> {
    for (depth, error) in source.chain().enumerate() {
        // One budget for all chains, so that carriers that carry each other end.
        *links = links.checked_sub(1)?;
        for mapper in mappers {
            let Some(mut status) = (mapper.status)(error) else { continue };
            if !status.is_unresolved() {
                if status.source_link().is_none() {
                    status.set_source(source.at(depth));
                }
                return Some(status);
            }
            // It answers as a carrier: the search goes on through what it carries, then along the chain.
            let carried = status.source_link().and_then(|inner| search(inner, mappers, links));
            if carried.is_some() {
                return carried;
            }
        }
        if is_said(error) {
            return None;
        }
    }
    None
}

/// The outermost error that this crate knows.
fn built_in(source: &Source) -> Option<Status> {
    let mut unless_wrapped = None;
    // Whether there were only carriers so far.
    let mut direct = true;
    for (depth, error) in source.chain().enumerate() {
        if let Some(status) = error.downcast_ref::<Status>().filter(|status| !status.is_unresolved()) {
            let status = status.clone();
            // The log has what was said around it.
            let cause = if status.source_link().is_some() { depth + 1 } else { 0 };
            return Some(if depth == 0 { status } else { status.with_source_link(source.at(cause)) });
        }
        if let Some(mut status) = known(error, direct) {
            status.set_source(source.at(depth));
            return Some(status);
        }
        direct &= is_carrier(error) || source.carries && depth == 0;
        if unless_wrapped.is_none() {
            unless_wrapped = wrapper(error).map(|mut status| {
                status.set_source(source.at(depth));
                status
            });
        }
    }
    unless_wrapped
}

/// What an application said of an error is not overruled by that error's own cause.
fn is_said(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<Status>().is_some_and(|status| !status.is_unresolved())
}

/// Whether an error only carries its cause. Others say something of it.
fn is_carrier(error: &(dyn Error + 'static)) -> bool {
    let carries = |error: &io::Error| error.get_ref().is_some();
    error.downcast_ref().is_some_and(carries) || error.downcast_ref().is_some_and(Status::is_unresolved)
}

/// `direct`: it stands in a carrier, not among the causes of some error.
fn known(error: &(dyn Error + 'static), direct: bool) -> Option<Status> {
    if error.is::<Elapsed>() {
        // Not 408: browsers repeat such a request by themselves (RFC 9110 §15.5.9).
        return Some(Status::service_unavailable().with_grpc_code(GrpcCode::DeadlineExceeded));
    }
    if error.is::<Overloaded>() {
        let status = Status::service_unavailable().with_grpc_code(GrpcCode::ResourceExhausted);
        return Some(status.with_retry_after(Duration::from_secs(1)));
    }
    if error.is::<LengthLimitError>() {
        return Some(Status::payload_too_large());
    }
    #[cfg(feature = "axum")]
    if let Some(status) = crate::axum::rejection::status_of(error) {
        return Some(status);
    }
    #[cfg(feature = "tonic")]
    if let Some(status) = error.downcast_ref::<tonic::Status>() {
        let said = status.status();
        // An upstream's message is not for our clients.
        return Some(if direct { said } else { Status::new(said.code()).with_grpc_code(status.code().into()) });
    }
    #[cfg(feature = "tonic")]
    if error.is::<tonic::TimeoutExpired>() {
        return Some(Status::service_unavailable().with_grpc_code(GrpcCode::DeadlineExceeded));
    }
    let _ = direct;
    #[cfg(feature = "buffer")]
    if error.is::<tower::buffer::error::Closed>() {
        return Some(Status::service_unavailable());
    }
    None
}

/// Errors that only say where something failed: they decide unless what they wrap does.
fn wrapper(error: &(dyn Error + 'static)) -> Option<Status> {
    #[cfg(feature = "buffer")]
    if error.is::<tower::buffer::error::ServiceError>() {
        return Some(Status::service_unavailable());
    }
    let _ = error;
    None
}
