use tower_status::IntoStatus;

#[derive(Debug, IntoStatus)]
#[status(404)]
struct Shop;

fn main() {}
