//! `instructions CASE N` does the work of a case N times; `instructions` prints the names. Run it under callgrind for two N:
//! the difference is what the work itself takes.

use std::process::ExitCode;

/// That of the C library takes more or less for what exceeds 1 KiB, by what was freed before.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(id) = arguments.next() else {
        for case in benches::cases() {
            println!("{}", case.id());
        }
        return ExitCode::SUCCESS;
    };
    let times = arguments.next().and_then(|times| times.parse().ok());
    let (Some(case), Some(times)) = (benches::case(&id), times) else {
        eprintln!("usage: instructions CASE N");
        return ExitCode::FAILURE;
    };
    (case.make)()(times);
    ExitCode::SUCCESS
}
