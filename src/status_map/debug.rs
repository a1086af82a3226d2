//! Builds the report of [`debug(true)`](crate::StatusMapLayer::debug).

use std::{error::Error, fmt, fmt::Write, io, num, str, string};

use http_body_util::LengthLimitError;
use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

use super::{
    options::Options,
    resolve::{MappedBy, Mapper},
};
use crate::{
    Status,
    response::DebugReport,
    status::{Cause, Source, cut},
};

/// The limit of the text of one error, in bytes.
const TEXT: usize = 2 * 1024;

/// The limit of the lines of a backtrace.
const BACKTRACE: usize = 64;

/// Returns the report about a status, if the application turned it on.
pub(super) fn report(status: &Status, mapped_by: MappedBy, options: &Options) -> Option<DebugReport> {
    let source = status.source_link();
    options.debug.then(|| DebugReport {
        errors: source.map_or_else(Vec::new, |source| errors(source, &options.mappers)),
        mapped_by: match mapped_by {
            MappedBy::Itself => None,
            MappedBy::Mapper((option, error)) => Some(format!("{option}::<{error}>")),
            MappedBy::BuiltIn => Some("built in".into()),
            MappedBy::Nothing => Some("unmapped".into()),
        },
        backtrace: source.and_then(Source::backtrace).map_or_else(Vec::new, |trace| lines(&trace.to_string())),
    })
}

/// Returns one line for each error of the chain, except for reports, which repeat the next error, and for errors of an
/// unknown type that repeat the text of the one before.
fn errors(source: &Source, mappers: &[Mapper]) -> Vec<String> {
    let mut of_source = source.type_name();
    let errors = source.chain().filter(|link| !link.is_report());
    let mut last = String::new();
    errors
        .filter_map(|link| {
            let of_status = link.find::<Status>().and_then(Status::source_link).and_then(Source::type_name);
            let type_name = std::mem::replace(&mut of_source, of_status);
            let of_mapper = || mappers.iter().find_map(|mapper| mapper.type_of(link));
            let type_name = type_name.or_else(of_mapper).or_else(|| known_type(link));
            let text = text(link.error());
            let is_repeated = type_name.is_none() && text == last;
            let line = type_name.map_or_else(|| text.clone(), |name| format!("{name}: {text}"));
            last = text;
            (!is_repeated).then_some(line)
        })
        .collect()
}

fn text(error: &dyn Error) -> String {
    let mut text = String::new();
    // If Display fails, the text so far is kept; `to_string` would panic.
    let _ = write!(text, "{error}");
    cut(&mut text, TEXT);
    text
}

fn lines(backtrace: &str) -> Vec<String> {
    backtrace.lines().take(BACKTRACE).map(|line| line.trim_end().to_owned()).collect()
}

/// Returns the name of an error of the standard library, tower or this crate.
fn known_type(link: Cause<'_>) -> Option<&'static str> {
    macro_rules! first {
        ($($name:ty),+ $(,)?) => {
            None$(.or_else(|| link.find::<$name>().map(|_| std::any::type_name::<$name>())))+
        };
    }
    first![
        Status,
        io::Error,
        fmt::Error,
        num::ParseIntError,
        num::ParseFloatError,
        str::Utf8Error,
        string::FromUtf8Error,
        serde_json::Error,
        Elapsed,
        Overloaded,
        LengthLimitError,
    ]
}
