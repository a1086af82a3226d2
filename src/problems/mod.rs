//! The pages that explain an application's problems, under the `type` URIs that its answers carry (RFC 9457 §4).

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::Empty;
use tower::Service;

use crate::{
    Documented, DocumentedStatus, ETag, Format, IntoStatus, Status, StatusBody, Verdict,
    catalog::{self, Entry},
    conditional::{ConditionalHeaders, evaluate_response, not_modified},
    response::{from_status, html},
};

mod page;

/// A service that explains every problem of an error type's [`STATUSES`](IntoStatus::STATUSES), as HTML and as JSON.
///
/// A problem is found under the path of its `type` URI, whole or without the beginning that a router has stripped; `/`,
/// and the folder in which all types are, lists all problems. Problems without a type are in the list only. Each page
/// carries an entity tag. What [`map_status`](crate::StatusMapLayer::map_status) changes is not known here. Pages are written when the service is made; a request allocates a field value or two.
///
/// # Example: one line in a router
///
/// ```
/// use http::Request;
/// use tower::ServiceExt;
/// use tower_status::{Documented, DocumentedStatus, IntoStatus, Status, problems::Problems};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("order {0} was deleted")]
/// struct Deleted(u64);
///
/// impl IntoStatus for Deleted {
///     fn status(&self) -> Status {
///         Status::gone().with_type("/problems/order-deleted")
///     }
///     const STATUSES: Option<&'static [Documented]> = Some(&[Documented::One(
///         DocumentedStatus::new(http::StatusCode::GONE).with_type("/problems/order-deleted"),
///     )]);
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app: axum::Router = axum::Router::new().nest_service("/problems", Problems::of::<Deleted>());
///
/// let response = app.oneshot(Request::get("/problems/order-deleted").body(axum::body::Body::empty())?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a service does nothing until it is mounted"]
pub struct Problems {
    statuses: Vec<DocumentedStatus>,
    folder: Option<String>,
    pages: Arc<[Page]>,
}

/// What is known of one status of an error type.
struct Problem {
    /// `None` if the code is chosen at run time.
    entry: Option<&'static Entry>,
    documented: DocumentedStatus,
    /// As answers carry it.
    type_uri: Option<String>,
}

/// One page in both forms.
struct Page {
    /// The path of the type; `None`: the list.
    path: Option<String>,
    html: (Bytes, HeaderValue),
    json: (Bytes, HeaderValue),
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Problems {
    /// The problems of an error type.
    pub fn of<E: IntoStatus>() -> Self {
        Self { statuses: Vec::new(), folder: None, pages: Arc::new([]) }.and::<E>()
    }

    /// Adds those of another error type; what is listed already is not listed again.
    pub fn and<E: IntoStatus>(mut self) -> Self {
        let documented = Documented::of::<E>();
        documented.warn_if_incomplete("Problems");
        for status in documented.iter() {
            if !self.statuses.contains(&status) {
                self.statuses.push(status);
            }
        }
        let problems: Vec<_> = self.statuses.iter().copied().map(Problem::new).collect();
        self.folder = folder(&problems).map(str::to_owned);
        self.pages = written(&problems, self.folder.as_deref()).into();
        self
    }

    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<StatusBody<Empty<Bytes>>> {
        let (parts, ()) = Response::new(()).into_parts();
        if ![Method::GET, Method::HEAD].contains(method) {
            return from_status(Status::method_not_allowed("GET, HEAD"), parts);
        }
        let Some(page) = find(&self.pages, self.folder.as_deref(), path) else {
            return from_status(Status::not_found(), parts);
        };
        let as_html = Format::preferred(headers, &[Format::Json, Format::Html]) == Some(Format::Html);
        let (body, tag) = if as_html { &page.html } else { &page.json };
        let mut response = Response::from_parts(parts, StatusBody::default());
        let fields = response.headers_mut();
        if as_html {
            let _ = fields.try_insert(header::CONTENT_SECURITY_POLICY, html::CONTENT_SECURITY_POLICY);
        }
        for (name, value) in [
            (header::CONTENT_TYPE, if as_html { html::CONTENT_TYPE } else { JSON }),
            (header::ETAG, tag.clone()),
            (header::VARY, HeaderValue::from_static("accept")),
            // Kept, and asked for again.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ] {
            let _ = fields.try_insert(name, value);
        }
        if evaluate_response(&ConditionalHeaders::from_headers(headers), &response) == Verdict::NotModified {
            return not_modified(response);
        }
        if *method == Method::HEAD {
            let _ = response.headers_mut().try_insert(header::CONTENT_LENGTH, body.len().into());
            return response.map(|_: StatusBody<Empty<Bytes>>| StatusBody::empty());
        }
        response.map(|_: StatusBody<Empty<Bytes>>| StatusBody::written(body.clone()))
    }
}

/// The list, and a page for each type.
fn written(problems: &[Problem], folder: Option<&str>) -> Vec<Page> {
    let mut pages = vec![Page::new(None, page::list(problems), &page::json(problems.iter()))];
    for problem in problems {
        let Some(path) = problem.path() else { continue };
        if pages.iter().any(|page| page.path.as_deref() == Some(path)) {
            continue;
        }
        let same: Vec<_> = problems.iter().filter(|other| other.path() == Some(path)).collect();
        pages.push(Page::new(Some(path.to_owned()), page::problem(&same, folder), &page::json(same.into_iter())));
    }
    pages
}

/// The folder in which all types are.
fn folder(problems: &[Problem]) -> Option<&str> {
    let mut paths = problems.iter().filter_map(Problem::path);
    let (mut folder, _) = paths.next()?.rsplit_once('/')?;
    for path in paths {
        while !path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')) {
            (folder, _) = folder.rsplit_once('/')?;
        }
    }
    Some(folder).filter(|folder| !folder.is_empty())
}

/// The page of a path: under its whole path, else as what is left of it where a router has stripped the beginning.
fn find<'a>(pages: &'a [Page], folder: Option<&str>, path: &str) -> Option<&'a Page> {
    let path = path.trim_end_matches('/');
    if path.is_empty() || folder == Some(path) {
        return pages.iter().find(|page| page.path.is_none());
    }
    let under = |path: &str| pages.iter().find(|page| page.path.as_deref() == Some(path));
    let stripped = || {
        // Where the router strips another beginning than the folder: what only one type ends with.
        let ends =
            |page: &&Page| path.starts_with('/') && page.path.as_deref().is_some_and(|known| known.ends_with(path));
        let mut found = pages.iter().filter(ends);
        found.next().filter(|_| found.next().is_none())
    };
    under(path).or_else(|| under(&format!("{}{path}", folder?))).or_else(stripped)
}

impl Problem {
    fn new(documented: DocumentedStatus) -> Self {
        // A status encodes the URI.
        let status = documented.type_uri.map(|uri| Status::bad_request().with_type(uri));
        let type_uri = status.and_then(|status| status.type_uri().map(str::to_owned));
        Self { entry: documented.code.map(catalog::entry), documented, type_uri }
    }

    fn title(&self) -> &'static str {
        self.documented.title.or(self.entry.map(|entry| entry.title)).unwrap_or("Error")
    }

    /// The path of the type (RFC 3986 §3.3), if it is one that can be asked for here.
    fn path(&self) -> Option<&str> {
        let uri = self.type_uri.as_deref().filter(|uri| html::is_link(uri))?;
        let uri = uri.split(['?', '#']).next()?;
        let path = match uri.split_once("//") {
            Some((before, rest)) if before.is_empty() || before.ends_with(':') => {
                rest.split_at_checked(rest.find('/')?).map(|(_, path)| path)?
            }
            _ => uri,
        };
        Some(path.trim_end_matches('/')).filter(|path| path.starts_with('/'))
    }
}

impl Page {
    fn new(path: Option<String>, html: String, json: &serde_json::Value) -> Self {
        let tagged = |text: String| {
            let tag = ETag::of_bytes(text.as_bytes()).to_string();
            // A tag of our own making is a field value.
            (text.into(), HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("")))
        };
        Self { path, html: tagged(html), json: tagged(json.to_string()) }
    }
}

impl<B> Service<Request<B>> for Problems {
    type Response = Response<StatusBody<Empty<Bytes>>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method(), request.uri().path(), request.headers())))
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problems").field("statuses", &self.statuses).finish_non_exhaustive()
    }
}
