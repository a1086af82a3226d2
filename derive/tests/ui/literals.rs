use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404, type = "/order deleted", instance = "/%zz", title = "")]
    Uri,
    #[status(404, header("x y" = "1"), header("x-y" = "a\nb"), header("Content-Type" = "a/b"))]
    Header,
    #[status(401, challenge = "Bearer\r\n")]
    Challenge,
    #[status(405, allow = "GET HEAD")]
    Allow,
    #[status(303, location = "/orders here")]
    Location,
    #[status(429, advice = "")]
    Advice,
}

fn main() {}
