//! `instructions CASE N` does the work of a case N times, for callgrind: run it with two N, and the difference is the work
//! itself. `instructions` prints the names of all cases. `instructions --check` compares the responses of tower-status with
//! those of the code by hand and of other crates.

use std::process::ExitCode;

/// The allocator of the C library takes another number of instructions each time.
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
    if id == "--check" {
        benches::check();
        return ExitCode::SUCCESS;
    }
    let times = arguments.next().and_then(|times| times.parse().ok());
    let (Some(case), Some(times)) = (benches::case(&id), times) else {
        eprintln!("usage: instructions CASE N");
        return ExitCode::FAILURE;
    };
    (case.make)()(times);
    ExitCode::SUCCESS
}
