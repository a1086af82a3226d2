//! The page's own words.

pub(super) const REASONS: &str = "Common reasons: ";
pub(super) const OR: &str = "or ";
pub(super) const GO_TO: &str = "Go to ";
pub(super) const TRY_AGAIN: &str = "Try again";
pub(super) const SUBMIT_AGAIN: &str = "Go back and submit again";
pub(super) const SIGN_IN: &str = "Sign in";
pub(super) const HOME: &str = "Home";
pub(super) const SEARCH: &str = "Search";
pub(super) const SUPPORT: &str = "Contact support";
pub(super) const ABOUT_PROBLEM: &str = "About this problem";
pub(super) const TECHNICAL_DETAILS: &str = "Technical details";
pub(super) const REQUEST_ID: &str = "Request id: ";
pub(super) const ABOUT_STATUS: &str = "About this status: ";

/// Returns ` in 30 seconds`, in the largest unit without a fraction.
pub(super) fn in_delay(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = UNITS.into_iter().find(|(length, _)| seconds > 0 && seconds.is_multiple_of(*length));
    let Some((length, unit)) = unit else { return String::new() };
    let count = seconds / length;
    format!(" in {count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_in_the_largest_unit_without_a_fraction() {
        for (seconds, expected) in [
            (0, ""),
            (1, " in 1 second"),
            (30, " in 30 seconds"),
            (60, " in 1 minute"),
            (90, " in 90 seconds"),
            (1_800, " in 30 minutes"),
            (3_600, " in 1 hour"),
            (86_400, " in 1 day"),
            (172_800, " in 2 days"),
        ] {
            assert_eq!(in_delay(seconds), expected);
        }
    }
}
