//! The conditions of one request, and what the layers around it share about them.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use http::Request;

use super::{
    headers::{ConditionFields, ConditionalHeaders},
    methods::reads,
};

/// The conditions that the response decides, kept by one layer until it has the response.
///
/// The layers around a request share what was decided. So an outer layer does not evaluate a second time what an inner
/// layer has decided, even if middleware between them rebuilds the response or changes its validators.
#[derive(Debug, Default)]
pub(crate) struct RequestConditions {
    pub(super) headers: ConditionalHeaders,
    /// The facts that all layers share, if this is the outermost layer.
    facts: AtomicU8,
    /// `None`: this is the outermost layer.
    outermost: Option<Arc<Self>>,
    /// An outer layer adds an entity tag to a response that has none.
    tag_added_outside: bool,
}

/// The request extension through which the layers find the outermost one.
#[derive(Clone)]
struct Outermost(Arc<RequestConditions>);

/// A fact that is shared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// A source of validators has decided If-Match or If-Unmodified-Since.
    MatchDecidedBefore = 1,
    /// A source of validators has decided If-None-Match or If-Modified-Since.
    DifferDecidedBefore = 1 << 1,
    /// The response has decided If-Match or If-Unmodified-Since.
    MatchDecided = 1 << 2,
    /// The response has decided If-None-Match or If-Modified-Since.
    DifferDecided = 1 << 3,
    /// An inner layer could not generate the entity tag that the response would have had.
    TagUnknown = 1 << 4,
    /// An outer layer adds an entity tag to a response that has none.
    TagAddedOutside = 1 << 5,
}

/// The facts about one response, not about the request.
const OF_RESPONSE: u8 = Fact::MatchDecided as u8 | Fact::DifferDecided as u8 | Fact::TagUnknown as u8;

impl RequestConditions {
    /// Returns the conditions that the response to this request decides; `None` without such a condition.
    ///
    /// Allocates once; for the outermost layer, the request extension allocates as well.
    pub(crate) fn from_request<B>(request: &mut Request<B>) -> Option<Arc<Self>> {
        if !reads(request.method()) {
            return None;
        }
        let fields = ConditionFields::of(request.headers());
        if !fields.any_present() {
            return None;
        }
        let mut conditions = Self { headers: fields.to_owned(), ..Self::default() };
        if let Some(Outermost(outermost)) = request.extensions().get().cloned() {
            // Middleware may call a service again: facts about an earlier response do not count.
            outermost.facts.fetch_and(!OF_RESPONSE, Relaxed);
            conditions.tag_added_outside = outermost.has(Fact::TagAddedOutside);
            conditions.outermost = Some(outermost);
            return Some(Arc::new(conditions));
        }
        let conditions = Arc::new(conditions);
        request.extensions_mut().insert(Outermost(Arc::clone(&conditions)));
        Some(conditions)
    }

    /// Returns the conditions of a request that only one service evaluates.
    #[cfg(feature = "problems")]
    pub(crate) fn from_headers(request: &http::HeaderMap) -> Self {
        Self { headers: ConditionalHeaders::from_headers(request), ..Self::default() }
    }

    pub(super) fn add(&self, fact: Fact) {
        self.facts().fetch_or(fact as u8, Relaxed);
    }

    /// Returns whether a response may have an entity tag although it has none here.
    pub(super) fn is_tag_unknown(&self) -> bool {
        self.tag_added_outside || self.has(Fact::TagUnknown)
    }

    pub(super) fn is_match_decided(&self) -> bool {
        self.has(Fact::MatchDecidedBefore) || self.has(Fact::MatchDecided)
    }

    pub(super) fn is_differ_decided(&self) -> bool {
        self.has(Fact::DifferDecidedBefore) || self.has(Fact::DifferDecided)
    }

    fn has(&self, fact: Fact) -> bool {
        self.facts().load(Relaxed) & fact as u8 != 0
    }

    fn facts(&self) -> &AtomicU8 {
        self.outermost.as_ref().map_or(&self.facts, |outermost| &outermost.facts)
    }
}
