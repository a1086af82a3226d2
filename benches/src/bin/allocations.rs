//! `allocations CASE..` counts the allocations of the named cases, or of all cases if none is named. It prints a line for
//! each: count and bytes of one turn, name.

use std::process::ExitCode;

use allocation_counter::measure;

/// Many turns, so that the mean does not show a buffer that rarely grows.
const TURNS: u64 = 100;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |id: &String| names.is_empty() || names.contains(id);
    let mut found = 0;
    for case in benches::cases().iter().filter(|case| wanted(&case.id())) {
        let mut run = (case.make)();
        // The first turns also set up what later ones share.
        run(TURNS);
        let info = measure(|| run(TURNS));
        let of_one = |total: u64| (total + TURNS / 2) / TURNS;
        println!("{}\t{}\t{}", of_one(info.count_total), of_one(info.bytes_total), case.id());
        found += 1;
    }
    if found < names.len() {
        eprintln!("at least one name is not one of: {:#?}", benches::cases());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
