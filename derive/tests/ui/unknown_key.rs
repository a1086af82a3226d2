use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(axm)]
enum Shop {
    #[status(404, titel = "Order missing")]
    Misspelt,
    #[status(404, colour = "red")]
    OtherWord,
    #[status(code = 404)]
    Code,
    #[status(status = 404)]
    Status,
    #[status(404, message = "missing")]
    Message,
    #[status(404, problem_type = "/missing")]
    ProblemType,
    #[status(503, retry-after = 30)]
    RetryAfter,
    #[status(404)]
    Field(#[status(extention = "id")] u64),
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404, into_response)]
struct Alone;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404, openapi, OperationOutput)]
struct OpenApi;

fn main() {}
