//! Bearer tokens and their roles.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::error::AccessError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Manager,
    Clerk,
    Auditor,
}

impl Caller {
    /// Returns an error for an auditor, who may only read.
    pub(crate) fn may_write(self) -> Result<(), AccessError> {
        if self == Self::Auditor { Err(AccessError::ReadOnly) } else { Ok(()) }
    }

    /// Returns an error unless the account has this right: only a manager's has.
    pub(crate) fn may_delete(self) -> Result<(), AccessError> {
        self.may_write()?;
        if self == Self::Manager { Ok(()) } else { Err(AccessError::NoRight) }
    }
}

/// A real application would ask its identity provider.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = AccessError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AccessError> {
        let field = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match field.and_then(|field| field.split_once(' ')) {
            Some((scheme, "manager-token")) if scheme.eq_ignore_ascii_case("bearer") => Ok(Self::Manager),
            Some((scheme, "clerk-token")) if scheme.eq_ignore_ascii_case("bearer") => Ok(Self::Clerk),
            Some((scheme, "auditor-token")) if scheme.eq_ignore_ascii_case("bearer") => Ok(Self::Auditor),
            _ => Err(AccessError::SignIn),
        }
    }
}
