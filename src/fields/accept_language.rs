//! Accept-Language ─► one of the languages of the application (RFC 9110 §12.5.4).

use super::{accept::qvalue, list};

/// Returns the position of the language that the client prefers; 0 is the default.
///
/// The matching range with the highest weight decides; of equal weights, the first. A range matches by lookup (RFC 4647
/// §3.4), so `de-CH` finds `de`, otherwise by basic filtering (§3.3.1), so `pt` finds `pt-BR`. `*` is ignored. A language
/// with the weight 0 is not acceptable. If nothing matches, the first acceptable language is sent. Malformed members are
/// skipped.
///
/// Takes time linear in the length of all field lines. No crate that we know reads weights and does a lookup:
/// `fluent-langneg` ignores the weights, `accept-language` compares whole tags.
pub(crate) fn preferred_language<'a, L: Iterator<Item = &'a [u8]>>(lines: impl Fn() -> L, languages: &[&str]) -> usize {
    let ranges = || lines().flat_map(list::members).filter_map(language_range);
    let mut excluded = 0_u128;
    for (range, _) in ranges().filter(|(range, quality)| *quality == 0 && *range != "*") {
        for (position, _) in languages.iter().enumerate().filter(|(_, tag)| covers(range, tag)) {
            excluded |= bit(position);
        }
    }
    let is_acceptable = |position: &usize| excluded & bit(*position) == 0;
    let mut best = None;
    for (range, quality) in ranges().filter(|(range, _)| *range != "*") {
        if best.is_none_or(|(known, _)| quality > known) && quality > 0 {
            let position = lookup(range, languages).filter(is_acceptable);
            let position = position.or_else(|| filter(range, languages, is_acceptable));
            best = position.map(|position| (quality, position)).or(best);
        }
    }
    best.map(|(_, position)| position).or_else(|| (0..languages.len()).find(is_acceptable)).unwrap_or_default()
}

/// Returns the bit of a language. Languages beyond the 128th have none, and are never excluded.
fn bit(position: usize) -> u128 {
    u32::try_from(position).ok().and_then(|position| 1_u128.checked_shl(position)).unwrap_or_default()
}

/// Parses `( 1*8ALPHA *("-" 1*8alphanum) / "*" ) [ weight ]`. Returns the range and its weight in thousandths.
fn language_range(member: &[u8]) -> Option<(&str, u16)> {
    let mut parts = list::split(member, b';');
    let range = std::str::from_utf8(parts.next()?).ok()?;
    let quality = match (parts.next(), parts.next()) {
        (None, _) => 1000,
        (Some([b'q' | b'Q', b'=', value @ ..]), None) => qvalue(value)?,
        (Some(_), _) => return None,
    };
    let is_subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_primary = |tag: &str| tag.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_tag = range.split('-').all(is_subtag) && range.split('-').next().is_some_and(is_primary);
    (is_tag || range == "*").then_some((range, quality))
}

/// Removes subtags from the end of the range until it is one of the languages (RFC 4647 §3.4).
fn lookup(range: &str, languages: &[&str]) -> Option<usize> {
    let mut range = range;
    loop {
        if let Some(position) = languages.iter().position(|tag| tag.eq_ignore_ascii_case(range)) {
            return Some(position);
        }
        range = range.rsplit_once('-')?.0;
        // A single letter or digit introduces the subtags after it, and is removed with them.
        if let Some((before, last)) = range.rsplit_once('-')
            && last.len() == 1
        {
            range = before;
        }
    }
}

/// Returns the first acceptable language that begins with the range (RFC 4647 §3.3.1).
fn filter(range: &str, languages: &[&str], is_acceptable: impl Fn(&usize) -> bool) -> Option<usize> {
    let mut positions =
        languages.iter().enumerate().filter(|(_, tag)| covers(range, tag)).map(|(position, _)| position);
    positions.find(is_acceptable)
}

/// Returns whether a language equals the range or begins with it.
fn covers(range: &str, tag: &str) -> bool {
    tag.split_at_checked(range.len())
        .is_some_and(|(begin, rest)| begin.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: &[&str] = &["en", "de", "ar", "pt-BR", "zh-Hant"];

    #[test]
    #[rustfmt::skip]
    fn language_is_the_one_that_the_client_prefers() {
        for (lines, expected) in [
            (&[][..], "en"),
            (&[""], "en"),
            // RFC 9110 §12.5.4: "I prefer Danish, but will accept British English and other types of English".
            (&["da, en-gb;q=0.8, en;q=0.7"], "en"),
            (&["de"], "de"),
            (&["DE"], "de"),
            (&["ar, de;q=0.9"], "ar"),
            (&["de;q=0.9, ar"], "ar"),
            (&["de;q=0.5, ar;q=0.5"], "de"),
            (&["fr;q=0.1", "ar;q=0.2"], "ar"),
            (&["de;q=0.8,en-US;q=0.9,en;q=0.7"], "en"),
            // RFC 4647 §3.4: a lookup shortens the range; the example is `zh-Hant-CN-x-private1-private2`.
            (&["de-CH-1996"], "de"),
            (&["zh-Hant-CN-x-private1-private2"], "zh-Hant"),
            (&["de-x-a"], "de"),
            // RFC 4647 §3.3.1: filtering finds a longer language.
            (&["pt"], "pt-BR"),
            (&["zh"], "zh-Hant"),
            (&["pt-PT"], "en"),
            (&["pt-PT, de;q=0.1"], "de"),
            // A range that begins with the same letters.
            (&["den"], "en"),
            (&["a"], "en"),
            (&["*"], "en"),
            (&["*, de;q=0.1"], "de"),
            (&["*;q=0"], "en"),
            (&["de;q=0, *"], "en"),
            (&["en;q=0"], "de"),
            (&["en;q=0, de;q=0"], "ar"),
            (&["pt, pt-BR;q=0"], "en"),
            (&["en;q=0, de;q=0, ar;q=0, pt;q=0, zh;q=0"], "en"),
            (&["de;q=0.000, ar;q=0.001"], "ar"),
            // A language that is shorter than an excluded range is not preferred.
            (&["de-AT;q=0"], "en"),
            // Malformed members are skipped.
            (&["de;q=2, ar;q=0.1"], "ar"),
            (&["de;q=, ar;q=0.1"], "ar"),
            (&["de;level=1, ar;q=0.1"], "ar"),
            (&["de;q=1;q=1, ar;q=0.1"], "ar"),
            (&["d_e, ar;q=0.1"], "ar"),
            (&["de-, ar;q=0.1"], "ar"),
            (&["languages, ar;q=0.1"], "ar"),
            (&["1de, ar;q=0.1"], "ar"),
            (&["\"de\", ,,ar;q=0.1"], "ar"),
            (&["de ;q=0.5 , ar; Q=0.6"], "ar"),
        ] {
            let position = preferred_language(|| lines.iter().map(|line| line.as_bytes()), LANGUAGES);
            assert_eq!(LANGUAGES.get(position), Some(&expected), "{lines:?}");
        }
        // One subtag is removed at a time.
        assert_eq!(preferred_language(|| [&b"zh-Hant-CN"[..]].into_iter(), &["zh", "zh-Hant"]), 1);
        assert_eq!(preferred_language(|| [&b"\xff"[..]].into_iter(), LANGUAGES), 0);
        assert_eq!(preferred_language(|| [&b"de"[..]].into_iter(), &[]), 0);
    }

    #[test]
    fn more_languages_than_bits_are_negotiated() {
        let languages = vec!["de"; 200];
        assert_eq!(preferred_language(|| [&b"de;q=0"[..]].into_iter(), &languages), 128);
    }
}
