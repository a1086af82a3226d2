use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(405)]
    Method,
    #[status(SEE_OTHER)]
    Elsewhere,
    #[status(426)]
    Upgrade,
    #[status(407)]
    Proxy,
}

fn main() {}
