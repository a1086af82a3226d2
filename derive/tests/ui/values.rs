use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(axum = true, crate, default)]
enum Shop {
    #[status(404, title)]
    NoValue,
    #[status(500, expose = true)]
    Flag,
    #[status(503, retry_after = "soon")]
    Seconds,
    #[status(404, title = 1)]
    Text,
    #[status(404, header("x-y", "1"))]
    Header,
    #[status(404 title = "Order missing")]
    Comma,
    #[status(404, title = )]
    Nothing,
}

fn main() {}
