use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404)]
    Neither(std::rc::Rc<u8>),
    #[status(404)]
    NotSync(std::cell::Cell<u8>),
    #[status(404)]
    Boxed(#[source] Box<dyn std::error::Error>),
}

fn main() {}
