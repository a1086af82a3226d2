use tower_status::IntoStatus;

#[derive(IntoStatus)]
union Shop {
    order: u64,
}

fn main() {}
