//! `StatusMapLayer`: how it resolves errors, and what it does with responses of the inner service.

mod fill;
mod fill_fields;
mod layer;
mod layer_bounds;
mod leaks;
mod readiness;
mod recognize;
mod recognize_built_in;
