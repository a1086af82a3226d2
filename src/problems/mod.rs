//! The documentation of an application's problems, under the `type` URIs of its responses (RFC 9457 §4).

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
    conditional::{RequestConditions, evaluate_response, not_modified},
    example,
    response::{Page, from_status, html, replace_response, without_body},
};

mod json;
mod page;

/// A service that documents every problem of an error type's [`STATUSES`](IntoStatus::STATUSES), as HTML and as JSON.
///
/// The page of a problem is found under the path of its `type` URI, whole or without the prefix that a router has
/// stripped. `/`, and the folder of all types, list all problems. A problem without a type is only in that list. Each page
/// has an entity tag. What [`map_status`](crate::StatusMapLayer::map_status) changes is not known here. The pages are
/// written once, when the service is built.
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
    site: Page,
    type_base: Option<String>,
    folder: Option<String>,
    documents: Arc<[Document]>,
}

/// One status of an error type.
struct Problem {
    /// `None` if the code is chosen at run time.
    entry: Option<&'static Entry>,
    documented: DocumentedStatus,
    /// As responses have it.
    type_uri: Option<String>,
}

/// One document in both formats.
struct Document {
    /// The path of the type; `None`: the list.
    path: Option<String>,
    html: (Bytes, HeaderValue),
    json: (Bytes, HeaderValue),
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Problems {
    /// Returns a service with the problems of an error type.
    pub fn of<E: IntoStatus>() -> Self {
        Self { statuses: Vec::new(), site: Page::new(), type_base: None, folder: None, documents: Arc::new([]) }
            .and::<E>()
    }

    /// Adds the problems of another error type. A problem that is already listed is not listed again.
    pub fn and<E: IntoStatus>(mut self) -> Self {
        let documented = Documented::of::<E>();
        documented.warn_if_incomplete("Problems");
        for status in documented.iter() {
            if !self.statuses.contains(&status) {
                self.statuses.push(status);
            }
        }
        self.write()
    }

    /// Sets the site's name, the link to its home page and its color. Default: none.
    ///
    /// # Example: the same as on the error pages
    ///
    /// ```
    /// # use tower_status::{Documented, IntoStatus, Page, Status, problems::Problems};
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("sold out")]
    /// # struct ShopError;
    /// # impl IntoStatus for ShopError {
    /// #     fn status(&self) -> Status {
    /// #         Status::conflict()
    /// #     }
    /// #     const STATUSES: Option<&'static [Documented]> = Some(&[]);
    /// # }
    /// let problems = Problems::of::<ShopError>().page(Page::new().site("Shop").home("/"));
    /// ```
    pub fn page(mut self, page: Page) -> Self {
        self.site = page;
        self.write()
    }

    /// Shows every relative type resolved against this URI, as
    /// [`StatusMapLayer::type_base`](crate::StatusMapLayer::type_base) sends it. Default: as it was set.
    pub fn type_base(mut self, uri: impl Into<String>) -> Self {
        self.type_base = Some(uri.into());
        self.write()
    }

    fn write(mut self) -> Self {
        let base = self.type_base.as_deref();
        let problems: Vec<_> = self.statuses.iter().map(|status| Problem::new(*status, base)).collect();
        self.folder = folder(&problems).map(str::to_owned);
        self.documents = documents(&problems, self.folder.as_deref(), &self.site).into();
        self
    }

    fn respond(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<StatusBody<Empty<Bytes>>> {
        let response = self.respond_with_body(method, path, headers);
        if *method == Method::HEAD { without_body(response) } else { response }
    }

    fn respond_with_body(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Response<StatusBody<Empty<Bytes>>> {
        let (parts, ()) = Response::new(()).into_parts();
        if ![Method::GET, Method::HEAD].contains(method) {
            return from_status(Status::method_not_allowed("GET, HEAD"), parts);
        }
        let Some(document) = find(&self.documents, self.folder.as_deref(), path) else {
            return from_status(Status::not_found(), parts);
        };
        let is_html = Format::preferred(headers, &[Format::Json, Format::Html]) == Some(Format::Html);
        let (body, tag) = if is_html { &document.html } else { &document.json };
        let mut response = Response::from_parts(parts, StatusBody::default());
        let fields = response.headers_mut();
        if is_html {
            let _ = fields.try_insert(header::CONTENT_SECURITY_POLICY, self.site.content_security_policy());
        }
        for (name, value) in [
            (header::CONTENT_TYPE, if is_html { html::CONTENT_TYPE } else { JSON }),
            (header::ETAG, tag.clone()),
            (header::VARY, HeaderValue::from_static("accept")),
            // A cache stores it and revalidates it each time.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ] {
            let _ = fields.try_insert(name, value);
        }
        match evaluate_response(&RequestConditions::from_headers(headers), &response) {
            Verdict::Proceed => response.map(|_: StatusBody<Empty<Bytes>>| StatusBody::written(body.clone())),
            Verdict::NotModified => not_modified(response),
            Verdict::PreconditionFailed => replace_response(Status::precondition_failed(), response.into_parts().0),
        }
    }
}

/// Returns the list, and a document for each type.
fn documents(problems: &[Problem], folder: Option<&str>, site: &Page) -> Vec<Document> {
    let mut documents = vec![Document::new(None, page::list(problems, site), &json::document(problems.iter()))];
    for problem in problems {
        let Some(path) = problem.path() else { continue };
        if documents.iter().any(|document| document.path.as_deref() == Some(path)) {
            continue;
        }
        let same_type: Vec<_> = problems.iter().filter(|other| other.path() == Some(path)).collect();
        let html = page::problem(&same_type, folder, site);
        documents.push(Document::new(Some(path.to_owned()), html, &json::document(same_type.into_iter())));
    }
    documents
}

/// Returns the folder of all types.
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

/// Finds the document of a path: the whole path of a type, or its end where a router has stripped a prefix.
fn find<'a>(documents: &'a [Document], folder: Option<&str>, path: &str) -> Option<&'a Document> {
    let path = path.trim_end_matches('/');
    if path.is_empty() || folder == Some(path) {
        return documents.iter().find(|document| document.path.is_none());
    }
    let with_path = |path: &str| documents.iter().find(|document| document.path.as_deref() == Some(path));
    let with_end = || {
        // The router has stripped another prefix than the folder, so the end must be that of one type only.
        let ends = |document: &&Document| {
            path.starts_with('/') && document.path.as_deref().is_some_and(|known| known.ends_with(path))
        };
        let mut found = documents.iter().filter(ends);
        found.next().filter(|_| found.next().is_none())
    };
    with_path(path).or_else(|| with_path(&format!("{}{path}", folder?))).or_else(with_end)
}

impl Problem {
    fn new(documented: DocumentedStatus, base: Option<&str>) -> Self {
        let type_uri = example::type_uri(&documented, base);
        Self { entry: documented.code.map(catalog::entry), documented, type_uri }
    }

    fn title(&self) -> &'static str {
        example::title(&self.documented)
    }

    /// Returns the path of the type (RFC 3986 §3.3), if it can be requested here.
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

impl Document {
    fn new(path: Option<String>, html: String, json: &serde_json::Value) -> Self {
        let with_tag = |text: String| {
            let tag = ETag::of_bytes(text.as_bytes()).to_string();
            // A generated tag is a valid field value.
            (text.into(), HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("")))
        };
        Self { path, html: with_tag(html), json: with_tag(json.to_string()) }
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
        ready(Ok(self.respond(request.method(), request.uri().path(), request.headers())))
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problems").field("statuses", &self.statuses).field("page", &self.site).finish_non_exhaustive()
    }
}
