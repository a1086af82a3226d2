use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(402, extension("code" = "declined"), extension("code" = "refused"))]
    TwoConstants,
    #[status(402, extension("code" = "declined"))]
    ConstantAndField(#[status(extension = "code")] u64),
    #[status(402, extension("title" = "x"), extension("" = "x"))]
    Reserved,
    #[status(402, extension = "code", extension("code"), extension("code" = [1]), extension("code" = 1, shown))]
    Usage,
    #[status(402, extension("code" = "declined", public))]
    PublicConstant(#[status(extension = "id", public)] u64),
    #[status(502)]
    PublicAlone(#[status(public)] u64),
    #[status(transparent, extension("code" = "declined"))]
    Inner(#[source] tower_status::Documented),
}

fn main() {}
