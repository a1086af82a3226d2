//! What the examples print when they start.

use std::net::SocketAddr;

/// Lines to try, `@` for the server, with what to expect.
const TOUR: &[(&str, &str)] = &[
    ("@/orders/7", "200, the order"),
    ("@/orders/8", "404 with the order's number"),
    ("@/orders/9", "410, gone for ever"),
    ("@/orders/tulip", "400, axum's own rejection explained"),
    ("@/orders", "200 with an entity tag"),
    ("-H 'if-none-match: \"10\"' @/orders", "304, until somebody orders"),
    ("-X POST @/orders -d '{}'", "415, axum's own rejection explained"),
    ("-X DELETE @/orders/7", "405 with axum's Allow"),
    ("@/account", "401 with its challenge"),
    ("@/pay", "503 with Retry-After, and no password"),
    ("@/invoice", "500 that tells nothing; the log has the error"),
    ("@/slow", "503 after a second, by tower's timeout"),
    ("@/nowhere", "404 by the router"),
    ("-H 'accept: text/plain' @/status/451", "any status, in the form that you ask for"),
];

/// Prints the address and what to try.
pub fn print_tour(address: SocketAddr) {
    println!("listening on http://{address}");
    println!("open http://{address}/status/404 in a browser, or try:");
    for (request, expected) in TOUR {
        let line = format!("curl -i {}", request.replace('@', &format!("http://{address}")));
        println!("  {line:<70} # {expected}");
    }
}
