use tower_status::StatusMapLayer;

fn main() {
    let _ = StatusMapLayer::new().recognize::<std::io::Error>();
}
