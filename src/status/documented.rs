//! [`Documented`]: which statuses an error type can have.

#[cfg(any(feature = "aide", feature = "problems", feature = "utoipa"))]
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use http::StatusCode;

use crate::catalog::GrpcCode;
#[cfg(any(feature = "aide", feature = "problems", feature = "utoipa"))]
use crate::warning::warning;

/// What [`IntoStatus::STATUSES`](crate::IntoStatus::STATUSES) lists: a status that a type can have, or all statuses of another type.
///
/// It is a tree, because a type with `transparent` variants can only refer to the constants of the inner types.
///
/// # Example: a type that documents its status by hand
///
/// ```
/// use http::StatusCode;
/// use tower_status::{Documented, DocumentedStatus, IntoStatus, Status};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("out of tulips")]
/// struct SoldOut;
///
/// impl IntoStatus for SoldOut {
///     fn status(&self) -> Status {
///         Status::conflict().with_type("/problems/sold-out")
///     }
///     const STATUSES: Option<&'static [Documented]> =
///         Some(&[Documented::One(DocumentedStatus::new(StatusCode::CONFLICT).with_type("/problems/sold-out"))]);
/// }
///
/// let types: Vec<_> = Documented::of::<SoldOut>().iter().map(|status| status.type_uri).collect();
/// assert_eq!(types, [Some("/problems/sold-out")]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Documented {
    /// A status.
    One(DocumentedStatus),
    /// All statuses of another type.
    All(&'static [Documented]),
    /// The name of a type that does not list its statuses.
    Undocumented(&'static str),
}

impl Documented {
    pub(crate) const fn from_list(statuses: Option<&'static [Self]>, type_name: &'static str) -> Self {
        match statuses {
            Some(statuses) => Self::All(statuses),
            None => Self::Undocumented(type_name),
        }
    }

    /// Returns every status of the tree, depth first.
    pub fn iter(&self) -> impl Iterator<Item = DocumentedStatus> + use<> {
        self.leaves().filter_map(|leaf| match leaf {
            Self::One(status) => Some(status),
            Self::All(_) | Self::Undocumented(_) => None,
        })
    }

    /// Returns the names of the types in the tree that do not list their statuses.
    pub fn undocumented(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.leaves().filter_map(|leaf| match leaf {
            Self::Undocumented(type_name) => Some(type_name),
            Self::One(_) | Self::All(_) => None,
        })
    }

    /// Warns about each type that does not list its statuses, once per process and user of the documentation.
    #[cfg(any(feature = "aide", feature = "problems", feature = "utoipa"))]
    pub(crate) fn warn_if_incomplete(&self, user: &'static str) {
        static WARNED: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());
        let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
        for type_name in self.undocumented().filter(|type_name| warned.insert((user, *type_name))) {
            warning!("{user} does not show the statuses of `{type_name}`: its `IntoStatus::STATUSES` is `None`");
        }
    }

    fn leaves(&self) -> impl Iterator<Item = Self> + use<> {
        let mut pending = vec![*self];
        std::iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Self::All(branch) => pending.extend(branch.iter().rev()),
                    leaf => return Some(leaf),
                }
            }
        })
    }
}

/// The documentation of one status that a type can have.
///
/// It is built in a constant: `DocumentedStatus::new(..)`, then a `with_` method for each further property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedStatus {
    /// The status code; `None` if it is chosen at run time.
    pub code: Option<StatusCode>,
    /// The name in code, such as `NoSuchOrder`.
    pub name: Option<&'static str>,
    /// The title, unless it is the catalog's.
    pub title: Option<&'static str>,
    /// The problem type's URI reference.
    pub type_uri: Option<&'static str>,
    /// The template of the detail, such as `order {order_id} does not exist`; `None` if the detail is hidden.
    pub detail: Option<&'static str>,
    /// The template of the advice, unless it is the catalog's.
    pub advice: Option<&'static str>,
    /// When the status occurs, for the readers of the documentation.
    pub description: Option<&'static str>,
    /// The names of the header fields that the status sets, in lower case.
    pub headers: &'static [&'static str],
    /// The extension members that clients see, each with its schema.
    pub extensions: &'static [(&'static str, MemberSchema)],
    /// The gRPC code, unless it is the catalog's.
    pub grpc_code: Option<GrpcCode>,
}

impl DocumentedStatus {
    /// Documents a status code.
    pub const fn new(code: StatusCode) -> Self {
        Self { code: Some(code), ..Self::any_code() }
    }

    /// Documents a status whose code is chosen at run time.
    pub const fn any_code() -> Self {
        Self {
            code: None,
            name: None,
            title: None,
            type_uri: None,
            detail: None,
            advice: None,
            description: None,
            headers: &[],
            extensions: &[],
            grpc_code: None,
        }
    }

    /// Sets the name in code.
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the title.
    #[must_use]
    pub const fn with_title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// Sets the problem type.
    #[must_use]
    pub const fn with_type(mut self, uri: &'static str) -> Self {
        self.type_uri = Some(uri);
        self
    }

    /// Sets the template of the detail.
    #[must_use]
    pub const fn with_detail(mut self, template: &'static str) -> Self {
        self.detail = Some(template);
        self
    }

    /// Sets the template of the advice.
    #[must_use]
    pub const fn with_advice(mut self, template: &'static str) -> Self {
        self.advice = Some(template);
        self
    }

    /// Sets the description.
    #[must_use]
    pub const fn with_description(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Sets the names of the header fields.
    #[must_use]
    pub const fn with_headers(mut self, names: &'static [&'static str]) -> Self {
        self.headers = names;
        self
    }

    /// Sets the extension members.
    #[must_use]
    pub const fn with_extensions(mut self, members: &'static [(&'static str, MemberSchema)]) -> Self {
        self.extensions = members;
        self
    }

    /// Sets the gRPC code.
    #[must_use]
    pub const fn with_grpc_code(mut self, code: GrpcCode) -> Self {
        self.grpc_code = Some(code);
        self
    }
}

/// The JSON type of an extension member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberSchema {
    /// Any JSON value.
    Any,
    /// A string.
    String,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// This string.
    Constant(&'static str),
    /// A value of the schema, or `null`.
    Nullable(&'static MemberSchema),
    /// An array of values of the schema.
    Array(&'static MemberSchema),
    /// An object with these members, none of which is required.
    Object(&'static [(&'static str, MemberSchema)]),
}
