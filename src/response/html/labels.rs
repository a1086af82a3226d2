//! Words of the page that are written by rules.

/// English only: the causes of the catalog are not translated.
pub(super) const REASONS: &str = "Common reasons: ";
pub(super) const OR: &str = "or ";

/// Returns the delay in the largest unit without a fraction, and the position of the unit.
fn in_unit(seconds: u64) -> (u64, usize) {
    const LENGTHS: [u64; 4] = [86_400, 3_600, 60, 1];
    let fits = |length: &u64| seconds.is_multiple_of(*length);
    let position = LENGTHS.iter().position(fits).unwrap_or(3);
    (seconds / LENGTHS.get(position).unwrap_or(&1), position)
}

/// Returns a delay such as `30 seconds`.
pub(super) fn delay(seconds: u64) -> String {
    let (count, unit) = in_unit(seconds);
    let unit = ["day", "hour", "minute", "second"].get(unit).unwrap_or(&"second");
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Returns a delay such as `30 s`, which every language understands.
pub(super) fn symbols(seconds: u64) -> String {
    let (count, unit) = in_unit(seconds);
    format!("{count}\u{a0}{}", ["d", "h", "min", "s"].get(unit).unwrap_or(&"s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_in_the_largest_unit_without_a_fraction() {
        for (seconds, in_words, in_symbols) in [
            (1, "1 second", "1\u{a0}s"),
            (30, "30 seconds", "30\u{a0}s"),
            (60, "1 minute", "1\u{a0}min"),
            (90, "90 seconds", "90\u{a0}s"),
            (1_800, "30 minutes", "30\u{a0}min"),
            (3_600, "1 hour", "1\u{a0}h"),
            (86_400, "1 day", "1\u{a0}d"),
            (172_800, "2 days", "2\u{a0}d"),
        ] {
            assert_eq!((&*delay(seconds), &*symbols(seconds)), (in_words, in_symbols));
        }
    }
}
