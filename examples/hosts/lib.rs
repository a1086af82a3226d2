//! The application of every recipe in `tests/hosts`.

use tower_status::Status;

/// Returns what is at a path.
///
/// # Errors
///
/// A 404 for any path but `/orders/7`.
pub fn find(path: &str) -> Result<&'static str, Status> {
    match path {
        "/orders/7" => Ok("seven tulips"),
        path => {
            Err(Status::not_found().with_detail(format!("there is nothing at {path}")).with_extension("shop", "tulips"))
        }
    }
}
