//! An application whose content is validated by the crates validator, garde and axum-valid.
//!
//! Run its tests with `cargo test --package validation`.

use axum::{Router, extract::rejection::JsonRejection, routing::post};
use axum_valid::{Garde, GardeRejection};
use serde::Deserialize;
use tower_status::{Status, StatusMapLayer, extract::Json};

/// The page of documentation, whose examples need the derives of both crates.
#[cfg(doctest)]
#[doc = include_str!("../../../src/validation.md")]
struct Page;

/// Returns an application with the same order for each crate.
pub fn app() -> Router {
    Router::new()
        .route("/validator", post(by_validator))
        .route("/validator/lines", post(lines_by_validator))
        .route("/garde", post(by_garde))
        .route("/axum-valid", post(by_axum_valid))
        .layer(StatusMapLayer::new())
}

/// Returns the error of a password that is too short.
pub fn rejected_password(password: &str) -> validator::ValidationErrors {
    #[derive(validator::Validate)]
    struct Account<'a> {
        #[validate(length(min = 8))]
        password: &'a str,
    }
    validator::Validate::validate(&Account { password }).err().unwrap_or_default()
}

mod validated_by_validator {
    use serde::Deserialize;
    use validator::{Validate, ValidationError};

    #[derive(Debug, Deserialize, Validate)]
    #[validate(schema(function = at_most_ten))]
    pub(crate) struct Order {
        #[validate(email(message = "must be an email address"))]
        email: String,
        #[validate(length(min = 8))]
        password: String,
        #[validate(nested)]
        customer: Customer,
        #[validate(nested)]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Customer {
        #[validate(custom(function = known))]
        name: String,
    }

    #[derive(Debug, Deserialize, Validate)]
    pub(crate) struct Line {
        #[validate(range(min = 1, max = 100))]
        count: u32,
    }

    fn at_most_ten(order: &Order) -> Result<(), ValidationError> {
        if order.lines.len() > 10 { Err(ValidationError::new("too_many_lines")) } else { Ok(()) }
    }

    fn known(name: &str) -> Result<(), ValidationError> {
        if name == "nobody" { Err(ValidationError::new("unknown_customer")) } else { Ok(()) }
    }
}

mod validated_by_garde {
    use garde::Validate;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    pub(crate) struct Order {
        #[garde(email)]
        email: String,
        #[garde(dive)]
        customer: Option<Customer>,
        #[garde(length(min = 1), dive)]
        lines: Vec<Line>,
        #[garde(inner(length(min = 3)))]
        copies: Vec<String>,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Customer {
        #[garde(length(min = 2))]
        name: String,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Line {
        #[garde(range(min = 1, max = 100))]
        count: u32,
    }
}

async fn by_validator(Json(order): Json<validated_by_validator::Order>) -> Result<(), Status> {
    validator::Validate::validate(&order)?;
    Ok(())
}

async fn lines_by_validator(Json(lines): Json<Vec<validated_by_validator::Line>>) -> Result<(), Status> {
    validator::Validate::validate(&lines)?;
    Ok(())
}

async fn by_garde(Json(order): Json<validated_by_garde::Order>) -> Result<(), Status> {
    garde::Validate::validate(&order)?;
    Ok(())
}

/// An email.
#[derive(Debug, Deserialize, garde::Validate)]
struct Contact {
    #[garde(email)]
    email: String,
}

async fn by_axum_valid(
    contact: Result<Garde<axum::Json<Contact>>, GardeRejection<JsonRejection>>,
) -> Result<String, Status> {
    let Garde(axum::Json(contact)) = contact.map_err(|rejection| match rejection {
        GardeRejection::Valid(report) => Status::from(report),
        GardeRejection::Inner(rejection) => Status::from(rejection),
    })?;
    Ok(contact.email)
}
