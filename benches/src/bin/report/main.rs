//! `cargo run --release -p benches --bin report [ROW..]` measures the rows, prints them, and writes `benches/RESULTS.md`;
//! with names of rows it only prints those. What `benches/e2e` has written there stays.
//!
//! Times are medians of short batches that take turns. Allocations come from `allocations`, instructions from
//! `instructions` under callgrind, where the machine has valgrind. What a row's base costs is taken off each.

// A measurement that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write,
    fs,
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use benches::{Case, Run, cases};

mod goals;

const BATCHES: usize = 101;
const BATCH: Duration = Duration::from_micros(500);
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
/// From here on `RESULTS.md` is written by `benches/e2e`.
const END_TO_END: &str = "## End to end";

/// What a case takes each time.
#[derive(Clone, Copy, Default)]
struct Cost {
    nanoseconds: f64,
    instructions: Option<f64>,
    allocations: f64,
    bytes: f64,
}

type Costs = BTreeMap<String, Cost>;

fn main() {
    let rows: Vec<String> = env::args().skip(1).collect();
    let all = cases();
    let chosen: Vec<&Case> =
        all.iter().filter(|case| rows.is_empty() || rows.iter().any(|row| row == case.row)).collect();
    build();
    let mut costs = Costs::new();
    for together in chosen.chunk_by(|one, other| (one.row, one.work) == (other.row, other.work)) {
        eprintln!("{}, {}", together[0].row, together[0].work);
        for (case, nanoseconds) in together.iter().zip(times(together)) {
            costs.insert(case.id(), Cost { nanoseconds, ..Cost::default() });
        }
    }
    allocations(&mut costs);
    eprintln!("counting instructions");
    let counted = chosen.iter().filter(|case| goals::COUNTED.contains(&case.work) && case.who != "tower-http ServeDir");
    for case in counted {
        costs.get_mut(&case.id()).unwrap().instructions = instructions(&case.id());
    }
    let net = net(&chosen, &costs);
    let report = format!("{}\n{}\n{}", head(), goals(&net), table(&chosen, &net));
    println!("{report}");
    if rows.is_empty() {
        let old = fs::read_to_string(RESULTS).unwrap_or_default();
        let kept = old.find(END_TO_END).map_or("", |start| &old[start..]);
        fs::write(RESULTS, format!("{report}\n{kept}")).unwrap();
    }
}

/// Medians, in nanoseconds, of what each takes more than the base in the same round. The cases take turns, so that a
/// busy machine is busy for all of them.
fn times(cases: &[&Case]) -> Vec<f64> {
    let mut runs: Vec<(Run, u64, Vec<f64>)> = cases
        .iter()
        .map(|case| {
            let mut run = (case.make)();
            let mut times = 1;
            while took(&mut run, times) < BATCH && times < 1 << 24 {
                times *= 2;
            }
            (run, times, Vec::new())
        })
        .collect();
    for _ in 0..BATCHES {
        for (run, times, found) in &mut runs {
            #[allow(clippy::cast_precision_loss)] // a batch is short
            found.push(took(run, *times).as_nanos() as f64 / *times as f64);
        }
    }
    let base = cases.iter().position(|case| case.who.starts_with("base: ")).map(|base| runs[base].2.clone());
    let median = |(case, (_, _, mut found)): (&&Case, (Run, u64, Vec<f64>))| {
        if let Some(base) = base.as_ref().filter(|_| case.is_net()) {
            found.iter_mut().zip(base).for_each(|(own, base)| *own -= base);
        }
        found.sort_by(f64::total_cmp);
        found[found.len() / 2]
    };
    cases.iter().zip(runs).map(median).collect()
}

fn took(run: &mut Run, times: u64) -> Duration {
    let began = Instant::now();
    run(black_box(times));
    began.elapsed()
}

/// The binaries that count.
fn build() {
    let mut cargo = Command::new(env::var("CARGO").unwrap_or("cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "benches",
        "--bin",
        "allocations",
        "--bin",
        "instructions",
    ]);
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
}

fn beside(name: &str) -> std::path::PathBuf {
    env::current_exe().unwrap().with_file_name(name)
}

fn allocations(costs: &mut Costs) {
    let output = Command::new(beside("allocations")).args(costs.keys()).output().unwrap();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [count, bytes, id] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().unwrap();
        let cost = costs.get_mut(id).unwrap();
        (cost.allocations, cost.bytes) = (count.parse().unwrap(), bytes.parse().unwrap());
    }
}

/// `None`: there is no valgrind here.
fn instructions(id: &str) -> Option<f64> {
    const TIMES: [u32; 2] = [500, 1000];
    let [less, more] = TIMES.map(|times| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(beside("instructions"));
        let output = valgrind.args([id, &times.to_string()]).env_clear().output().ok()?;
        let log = String::from_utf8(output.stderr).unwrap();
        let collected = log.lines().find_map(|line| line.split_once("Collected : "))?.1;
        collected.trim().parse::<f64>().ok()
    });
    Some((more? - less?) / f64::from(TIMES[1] - TIMES[0]))
}

/// Without what the base of the row and work takes; times are that already.
fn net(cases: &[&Case], costs: &Costs) -> Costs {
    let mut net = Costs::new();
    for case in cases {
        let of = |other: &&&Case| (other.row, other.work) == (case.row, case.work) && other.who.starts_with("base: ");
        let own = costs[&case.id()];
        let base = cases.iter().find(of).filter(|_| case.is_net());
        let Some(base) = base.map(|base| costs[&base.id()]) else {
            net.insert(case.id(), own);
            continue;
        };
        let instructions = own.instructions.zip(base.instructions).map(|(own, base)| own - base);
        let nanoseconds = own.nanoseconds;
        let (allocations, bytes) = (own.allocations - base.allocations, own.bytes - base.bytes);
        net.insert(case.id(), Cost { nanoseconds, instructions, allocations, bytes });
    }
    net
}

fn line(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or_default().to_owned()
}

fn head() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(env::consts::ARCH);
    let model = model.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap_or_default();
    let versions: Vec<String> = goals::PEERS
        .iter()
        .flat_map(|peer| {
            let name = format!("name = \"{peer}\"\nversion = \"");
            lock.match_indices(&name)
                .map(|(at, _)| {
                    let version = lock[at + name.len()..].split('"').next().unwrap_or_default();
                    format!("{peer} {version}")
                })
                .collect::<Vec<_>>()
        })
        .collect();
    format!(
        "# What it costs\n\nWritten by `cargo run --release -p benches --bin report`, which counts instructions where valgrind is, and by \
         `benches/e2e`, which installs what it needs.\n\n\
         {}, on {cores} cores of {model}, {}, {}. Beside it: {}.\n\n\
         Ratios count, absolute times do not: they are medians of batches that take turns on a machine that others use. \
         Instructions (callgrind, with mimalloc) and allocations are exact. Of each figure the *base* of its work is taken off (of times, \
         in the same round): what it costs before anybody does anything.\n",
        line("date", &["-u", "+%Y-%m-%d"]),
        line("rustc", &["--version"]),
        line("valgrind", &["--version"]),
        versions.join(", "),
    )
}

fn goals(costs: &Costs) -> String {
    let mut text = String::from("## Goals\n\n| work | goal | measured | met |\n|---|---|---|---|\n");
    for goal in goals::goals() {
        let of = |unit: goals::Unit, id: &str| {
            let cost = costs.get(id)?;
            match unit {
                goals::Unit::Time => Some(cost.nanoseconds),
                goals::Unit::Instructions => cost.instructions,
                goals::Unit::Allocations => Some(cost.allocations),
                goals::Unit::Bytes => Some(cost.bytes),
            }
        };
        let Some((mut measured, met)) = goal.judge(&|id| of(goal.unit, id)) else { continue };
        let counted = goal.judge(&|id| of(goals::Unit::Instructions, id)).filter(|_| goal.unit == goals::Unit::Time);
        if let Some((counted, _)) = counted {
            write!(measured, " (in instructions: {counted})").unwrap();
        }
        let verdict = if met { "yes" } else { "**no**" };
        writeln!(text, "| {}, {} | {} | {measured} | {verdict} |", goal.row, goal.work, goal.text).unwrap();
    }
    text.push('\n');
    text.push_str(goals::LEFT);
    text
}

fn table(cases: &[&Case], costs: &Costs) -> String {
    let mut text = String::from(
        "## All rows\n\nTimes beside the first of their work; growth: tower-status beside itself at 1x.\n\n\
         | row | work | who | time | ratio | growth | allocations | bytes | instructions |\n\
         |---|---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for case in cases {
        let cost = costs[&case.id()];
        let ours = costs.get(&format!("{}/{}/tower-status", case.row, case.work));
        let ratio = match ours {
            Some(ours) if !case.who.starts_with("base: ") && ours.nanoseconds > 0.0 => {
                format!("{:.2}", cost.nanoseconds / ours.nanoseconds)
            }
            _ => String::new(),
        };
        let first = cases.iter().find(|first| first.row == case.row && first.who == case.who);
        let growth = match first.map(|first| costs[&first.id()]) {
            Some(first) if case.who == "tower-status" && first.nanoseconds > 0.0 => {
                format!("{:.1}", cost.nanoseconds / first.nanoseconds)
            }
            _ => String::new(),
        };
        let instructions = cost.instructions.map(|count| format!("{count:.0}")).unwrap_or_default();
        let Cost { nanoseconds, allocations, bytes, .. } = cost;
        let time = if nanoseconds < 10_000.0 {
            format!("{nanoseconds:.0} ns")
        } else {
            format!("{:.0} µs", nanoseconds / 1e3)
        };
        let Case { row, work, who, .. } = case;
        writeln!(
            text,
            "| {row} | {work} | {who} | {time} | {ratio} | {growth} | {allocations} | {bytes} | {instructions} |"
        )
        .unwrap();
    }
    text
}
