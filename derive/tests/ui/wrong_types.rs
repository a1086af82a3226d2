use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404)]
    Extension(#[status(extension = "order")] Order),
    #[status(503)]
    RetryAfter(#[status(retry_after)] &'static str),
    #[status(303)]
    Location(#[status(location)] Order),
    #[status(500)]
    Source(#[status(source)] Order),
    #[status(404, detail = "no {0}")]
    Detail(Order),
}

#[derive(Debug)]
struct Order;

fn main() {}
