//! Which URI references become links.

use super::Markup;

/// Returns whether a URI reference is relative (RFC 3986 §4.2, so also `//host`), http or https.
///
/// A text with characters outside of RFC 3986 §2 is no link: browsers drop tabs and newlines and trim controls and
/// spaces before they look for a scheme, and read `\` as `/`.
pub(crate) fn is_link(uri: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let scheme_and_rest = uri.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    let is_relative_or_http = scheme_and_rest.is_none_or(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && rest.starts_with("//")
    });
    is_relative_or_http && !uri.is_empty() && uri.bytes().all(is_allowed)
}

/// Returns whether a URI is a `mailto:` with an address (RFC 6068).
pub(super) fn is_mail(uri: &str) -> bool {
    let address = uri.split_at_checked("mailto:".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto:"));
    // The rest has the characters of a relative reference.
    address.is_some_and(|(_, address)| address.contains('@') && is_link(&format!("./{address}")))
}

/// Writes a URI reference as a link, or as text if it must not become one.
pub(super) fn write_reference(page: &mut Markup, uri: &str) {
    if is_link(uri) {
        page.raw("<a href=\"").text(uri).raw("\" rel=\"noreferrer\">").text(uri).raw("</a>");
    } else {
        page.text(uri);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(uri: &str) -> String {
        let mut page = Markup::with_capacity(0);
        write_reference(&mut page, uri);
        page.into_string()
    }

    #[test]
    fn relative_http_and_https_references_are_links() {
        for uri in [
            "/",
            "a",
            "#x",
            "?q=a:b",
            "/a:b",
            "./a:b",
            "//host/x",
            "/a?b[c]=%20&d",
            "http://h",
            "HTTPS://h/",
            // An entity or an escaped colon ends no scheme: both are paths of this site.
            "javascript&#58;alert(1)",
            "javascript%3Aalert(1)",
        ] {
            assert!(is_link(uri), "{uri:?}");
            assert!(reference(uri).contains("href"), "{uri:?}");
        }
        assert_eq!(reference("/?a&b'"), r#"<a href="/?a&amp;b&#39;" rel="noreferrer">/?a&amp;b&#39;</a>"#);
    }

    #[test]
    #[rustfmt::skip]
    fn other_schemes_and_malformed_references_are_text() {
        for uri in [
            "", " ", " /a", "/a b", "/é", r"\\host", r"/\host", "/a\"b", "/<b>", "a:b", ":", "//h\n", "http:h",
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
            "java\r\nscript:alert(1)", "\u{1}javascript:alert(1)", " javascript:alert(1)", "\u{feff}javascript:alert(1)",
            "javascript://h/%0aalert(1)", "data:text/html,x", "vbscript:x", "blob:https://h/x", "file:///x", "urn:a:b",
        ] {
            assert!(!is_link(uri), "{uri:?}");
            assert!(!reference(uri).contains("href"), "{uri:?}");
        }
    }
}
