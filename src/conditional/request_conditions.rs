//! What the layers around one request share about its conditions.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use http::Extensions;

/// Shared by all layers that see a request with conditions; stored in the request's extensions.
///
/// So an outer layer does not evaluate a second time what an inner layer has decided, also if middleware between them
/// rebuilds the response or changes its validators.
#[derive(Clone, Debug, Default)]
pub(super) struct Decision(Arc<AtomicU8>);

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

impl Decision {
    /// Returns the request's, without facts about an earlier response (middleware may call a service again).
    pub(super) fn of_request(extensions: &mut Extensions) -> Self {
        let decision = extensions.get_or_insert_default::<Self>().clone();
        decision.0.fetch_and(!OF_RESPONSE, Relaxed);
        decision
    }

    pub(super) fn add(&self, fact: Fact) {
        self.0.fetch_or(fact as u8, Relaxed);
    }

    pub(super) fn has(&self, fact: Fact) -> bool {
        self.0.load(Relaxed) & fact as u8 != 0
    }

    pub(super) fn is_match_decided(&self) -> bool {
        self.has(Fact::MatchDecidedBefore) || self.has(Fact::MatchDecided)
    }

    pub(super) fn is_differ_decided(&self) -> bool {
        self.has(Fact::DifferDecidedBefore) || self.has(Fact::DifferDecided)
    }
}
