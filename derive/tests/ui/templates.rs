use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404, detail = "no order {order_di}")]
    NoField { order_id: u64 },
    #[status(404, detail = "no order {}")]
    Positional(u64),
    #[status(404, detail = "no order {0")]
    Open(u64),
    #[status(404, detail = "no order 0}")]
    Closed(u64),
    #[status(303, location = "/orders/{1}")]
    Location(u64),
    #[status(503, retry_after = wait)]
    RetryAfter { waits: u64 },
    #[status(404, title = "No order {0}", type = "/orders/{0}")]
    Constant(u64),
}

fn main() {}
