//! The options of [`ConditionalLayer`](crate::ConditionalLayer).

use std::sync::Arc;

use http::{Extensions, Method};

use super::{etag_list::TagComparison, generate::GeneratedETags};

#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) generate: Option<GeneratedETags>,
    pub(super) head_as_get: bool,
    /// The methods that require a condition.
    pub(super) require: Vec<Method>,
    pub(super) tags: TagOptions,
}

/// How the tags of a request are compared with the current one.
#[derive(Clone, Debug, Default)]
pub(super) struct TagOptions {
    pub(super) weak_if_match: bool,
    /// Suffixes that proxies append to a tag.
    pub(super) suffixes: Vec<Box<str>>,
}

impl TagOptions {
    /// The comparisons of RFC 9110.
    pub(super) const DEFAULT: &'static Self = &Self { weak_if_match: false, suffixes: Vec::new() };

    pub(super) fn if_match(&self, is_weak: bool) -> TagComparison<'_> {
        TagComparison { weak: is_weak, suffixes: &self.suffixes }
    }

    pub(super) fn if_none_match(&self) -> TagComparison<'_> {
        TagComparison { weak: true, suffixes: &self.suffixes }
    }
}

/// A request extension: [`Preconditions`](crate::Preconditions) compares tags as the layer does.
#[derive(Clone, Debug)]
pub(super) struct SharedOptions(Arc<Options>);

impl SharedOptions {
    /// Adds the options if they change a comparison.
    pub(super) fn share(options: &Arc<Options>, extensions: &mut Extensions) {
        if options.tags.weak_if_match || !options.tags.suffixes.is_empty() {
            extensions.insert(Self(Arc::clone(options)));
        }
    }

    pub(super) fn tags(&self) -> &TagOptions {
        &self.0.tags
    }
}
