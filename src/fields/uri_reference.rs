//! URI references (RFC 3986 §4.1), and how they are resolved (§5.2).

/// The five components of a reference (RFC 3986 appendix B).
#[derive(Clone, Copy, Debug)]
struct Components<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

/// Returns whether a reference has no scheme, so that its meaning depends on where it was found.
pub(crate) fn is_relative(reference: &str) -> bool {
    Components::of(reference).scheme.is_none()
}

/// Resolves a reference against a base URI (RFC 3986 §5.2.2).
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let (base, reference) = (Components::of(base), Components::of(reference));
    let (authority, path, query) = match reference {
        Components { scheme: Some(_), authority, path, query, .. }
        | Components { authority: authority @ Some(_), path, query, .. } => {
            (authority, without_dot_segments(path), query)
        }
        Components { path: "", query, .. } => (base.authority, base.path.to_owned(), query.or(base.query)),
        Components { path, query, .. } if path.starts_with('/') => (base.authority, without_dot_segments(path), query),
        Components { path, query, .. } => (base.authority, without_dot_segments(&base.merged(path)), query),
    };
    let mut uri = String::new();
    for (prefix, part, suffix) in [
        ("", reference.scheme.or(base.scheme), ":"),
        ("//", authority, ""),
        ("", Some(&*path), ""),
        ("?", query, ""),
        ("#", reference.fragment, ""),
    ] {
        if let Some(part) = part {
            uri.extend([prefix, part, suffix]);
        }
    }
    uri
}

impl<'a> Components<'a> {
    fn of(reference: &'a str) -> Self {
        let (rest, fragment) = split(reference, '#');
        let (rest, query) = split(rest, '?');
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, rest),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Self { scheme, authority, path, query, fragment }
    }

    /// Returns a relative path in the folder of this path (RFC 3986 §5.2.3).
    fn merged(&self, path: &str) -> String {
        match self.path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{path}"),
            None if self.authority.is_some() => format!("/{path}"),
            None => path.to_owned(),
        }
    }
}

/// Splits at the first delimiter.
fn split(text: &str, delimiter: char) -> (&str, Option<&str>) {
    text.split_once(delimiter).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'))
}

/// RFC 3986 §5.2.4.
fn without_dot_segments(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => {
                kept.push(segment);
                continue;
            }
        }
        // A dot segment at the end names a folder.
        if is_last {
            kept.push("");
        }
    }
    let joined = kept.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3986 §5.4.1 and §5.4.2, in a strict parser.
    #[test]
    fn references_are_resolved_as_in_the_rfc() {
        #[rustfmt::skip]
        let rows = [
            ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s"),
            ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
            ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g"),
            ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g#s/./x"), ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
        ];
        for (reference, expected) in rows {
            assert_eq!(resolve("http://a/b/c/d;p?q", reference), expected, "{reference:?}");
        }
        assert_eq!(resolve("https://example.org", "problems/x"), "https://example.org/problems/x");
        // RFC 3986 §5.2.3: the slash is added only after an authority.
        assert_eq!(resolve("tag:a", "x"), "tag:x");
    }

    #[test]
    fn a_reference_without_a_scheme_is_relative() {
        for relative in ["", "x", "/x", "//host/x", "?q", "#f", "1a:b", "x/y:z", ":x", "ä:x"] {
            assert!(is_relative(relative), "{relative:?}");
        }
        for absolute in ["http://a", "urn:x", "A+b-1.c:", "about:blank"] {
            assert!(!is_relative(absolute), "{absolute:?}");
        }
    }
}
