//! `allocations CASE..` counts the allocations of the named cases, or of all cases if none is named. It prints a line for
//! each: count, bytes, name.

use std::process::ExitCode;

use allocation_counter::measure;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |id: &String| names.is_empty() || names.contains(id);
    let mut found = 0;
    for case in benches::cases().iter().filter(|case| wanted(&case.id())) {
        let mut run = (case.make)();
        // The first run also sets up what later ones share.
        run(1);
        let info = measure(|| run(1));
        println!("{}\t{}\t{}", info.count_total, info.bytes_total, case.id());
        found += 1;
    }
    if found < names.len() {
        eprintln!("at least one name is not one of: {:#?}", benches::cases());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
