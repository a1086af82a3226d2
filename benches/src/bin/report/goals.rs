//! What the figures are to be.

/// The works of which instructions are counted.
pub(crate) const COUNTED: [&str; 12] = [
    "120 fields",
    "1,200 fields",
    "Firefox, 12 fields",
    "curl, 3 fields",
    "one tag",
    "list of 20",
    "date only",
    "detail and 2 extensions",
    "from the fallback",
    "a message",
    "Firefox",
    "Chromium",
];

/// Whose versions are stated.
pub(crate) const PEERS: [&str; 14] = [
    "tower-http",
    "axum",
    "headers",
    "problem_details",
    "http-api-problem",
    "axum-problem",
    "negotiator",
    "headers-accept",
    "tonic",
    "tonic-types",
    "serde_json",
    "sha2",
    "fnv",
    "twox-hash",
];

/// What is left, and why. By hand.
pub(crate) const LEFT: &str = include_str!("left.md");

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Time,
    Instructions,
    Allocations,
    Bytes,
}

pub(crate) struct Goal {
    pub(crate) row: &'static str,
    pub(crate) work: &'static str,
    pub(crate) text: String,
    pub(crate) unit: Unit,
    ours: String,
    /// `None`: the limit is absolute.
    theirs: Option<String>,
    limit: f64,
}

impl Goal {
    /// What was measured, and whether that is what was wanted; `None`: it was not measured.
    pub(crate) fn judge(&self, cost: &dyn Fn(&str) -> Option<f64>) -> Option<(String, bool)> {
        let ours = cost(&self.ours)?;
        let Some(theirs) = &self.theirs else { return Some((format!("{ours:.0}"), ours <= self.limit)) };
        let ratio = ours / cost(theirs)?;
        // Where the goal says how many times faster, so does the figure.
        let shown = if self.limit < 1.0 { format!("{:.1} times faster", 1.0 / ratio) } else { format!("{ratio:.2}") };
        Some((shown, ratio <= self.limit))
    }
}

pub(crate) fn goals() -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut add = |row, work, who: &str, text: String, unit, theirs: Option<String>, limit| {
        let ours = format!("{row}/{work}/{who}");
        goals.push(Goal { row, work, text, unit, ours, theirs, limit });
    };
    let us = "tower-status";
    for work in ["Firefox, 12 fields", "curl, 3 fields"] {
        let set = || Some(format!("200/{work}/tower-http SetResponseHeader"));
        let handle = format!("200/{work}/axum HandleError");
        add("200", work, us, "no allocation".into(), Unit::Allocations, None, 0.0);
        add("200", work, us, "at most SetResponseHeader's instructions".into(), Unit::Instructions, set(), 1.0);
        let hooked = "tower-status, hook";
        add("200", work, hooked, "with a hook, 1.2 times those".into(), Unit::Instructions, set(), 1.2);
        add("200", work, us, "fewer than HandleError's".into(), Unit::Instructions, Some(handle), 1.0);
    }
    let (row, work) = ("200, log read", "Firefox, 12 fields");
    let set = Some(format!("200/{work}/tower-http SetResponseHeader"));
    add(row, work, us, "at most 1.2 times SetResponseHeader's instructions".into(), Unit::Instructions, set, 1.2);
    for work in ["one tag", "list of 20", "8 lines of 125", "date only"] {
        let row = "deciding a 304";
        add(row, work, us, "no allocation".into(), Unit::Allocations, None, 0.0);
        add(
            row,
            work,
            us,
            "3 times faster than headers".into(),
            Unit::Time,
            Some(format!("{row}/{work}/headers")),
            1.0 / 3.0,
        );
    }
    let floor = Some("deciding a 304/one tag/floor: == on the field".into());
    add("deciding a 304", "one tag", us, "within 2 times `==`".into(), Unit::Time, floor, 2.0);
    for work in ["64 KiB in one frame", "64 KiB in frames", "1 MiB in one frame", "1 MiB in frames"] {
        let row = "generated tag";
        let floor = Some(format!("{row}/{work}/floor: XXH3 on a slice"));
        add(row, work, us, "within 1.1 times XXH3 on a slice".into(), Unit::Time, floor, 1.1);
        if work.ends_with("in frames") {
            let best = Some(format!("{row}/{work}/collect, XXH3"));
            add(row, work, us, "3 times faster than collecting".into(), Unit::Time, best, 1.0 / 3.0);
            add(row, work, us, "no copy: less than a frame is allocated".into(), Unit::Bytes, None, 16.0 * 1024.0);
        }
    }
    let (row, work) = ("JSON error", "detail and 2 extensions");
    for peer in ["problem_details", "http-api-problem", "axum-problem", "axum (StatusCode, Json)"] {
        let theirs = Some(format!("{row}/{work}/{peer}"));
        add(row, work, us, format!("2 times faster than {peer}"), Unit::Time, theirs, 0.5);
    }
    add(row, work, us, "at most 8 allocations".into(), Unit::Allocations, None, 8.0);
    let row = "HTML error";
    add(row, work, us, "within 2 times `format!`".into(), Unit::Time, Some(format!("{row}/{work}/format!")), 2.0);
    for work in ["Firefox", "Chromium", "10,000 members"] {
        add("Accept", work, us, "no allocation".into(), Unit::Allocations, None, 0.0);
        for peer in ["negotiator", "headers-accept"] {
            let theirs = Some(format!("Accept/{work}/{peer}"));
            add("Accept", work, us, format!("5 times faster than {peer}"), Unit::Time, theirs, 0.2);
        }
    }
    for work in ["a message", "a message and its details"] {
        let theirs = Some(format!("gRPC error/{work}/tonic Status::into_http"));
        add("gRPC error", work, us, "at most tonic's".into(), Unit::Time, theirs, 1.0);
    }
    goals
}
