//! The start of an example: it listens, and prints the requests to try.

use std::{env, io::ErrorKind, net::SocketAddr, process};

use tokio::net::TcpListener;

/// Requests to try, with `@` for the server, and the expected responses.
const TOUR: &[(&str, &str)] = &[
    ("@/orders/7", "200, the order"),
    ("@/orders/8", "404 with the order's number"),
    ("@/orders/9", "410, gone permanently"),
    ("@/orders/tulip", "400, axum's own rejection explained"),
    ("@/orders", "200 with an entity tag"),
    ("-H 'if-none-match: \"10\"' @/orders", "304 until the next order"),
    ("-X POST @/orders -d '{}'", "415, axum's own rejection explained"),
    ("-X DELETE @/orders/7", "405 with axum's Allow"),
    ("@/account", "401 with its challenge"),
    ("@/pay", "503 with Retry-After, the error hidden"),
    ("@/invoice", "500, the error is only in the log"),
    ("@/slow", "503 after one second, from tower's timeout"),
    ("@/nowhere", "404 from the router"),
    ("-H 'accept: text/plain' @/status/451", "any status, in the format of your choice"),
];

/// Listens on the address in the first argument. Default: `127.0.0.1:3000`. If that fails, prints the reason and exits.
pub async fn listen() -> TcpListener {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    match TcpListener::bind(&address).await {
        Ok(listener) => return listener,
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            eprintln!("error: {address} is already in use; add another address to the command: -- 127.0.0.1:3001");
        }
        Err(error) => eprintln!("error: cannot listen on {address}: {error}"),
    }
    process::exit(1)
}

/// Prints the address and the requests to try.
pub fn print_tour(address: SocketAddr) {
    println!("listening on http://{address}");
    println!("open http://{address}/status/404 in a browser, or try:");
    for (request, expected) in TOUR {
        let line = format!("curl -i {}", request.replace('@', &format!("http://{address}")));
        println!("  {line:<70} # {expected}");
    }
}
