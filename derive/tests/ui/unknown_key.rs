use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(axm)]
enum Shop {
    #[status(404, titel = "Order missing")]
    Misspelt,
    #[status(404, colour = "red")]
    OtherWord,
    #[status(404)]
    Field(#[status(extention = "id")] u64),
}

fn main() {}
