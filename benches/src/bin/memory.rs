//! `memory` counts the live heap bytes of many open requests. It prints a line for each layer and each state: the bytes, the
//! number of requests, the layer, the state.

use allocation_counter::measure;
use benches::server::memory::{CONNECTIONS, loads};

fn main() {
    for load in loads() {
        let mut open = load.start();
        let info = measure(|| open.add(CONNECTIONS));
        println!("{}\t{}\t{}\t{}", info.bytes_current, CONNECTIONS * load.requests, load.layer, load.state);
    }
}
