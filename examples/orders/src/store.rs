//! The orders in a `SQLite` file.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use sqlx::{
    FromRow, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tower_status::{ETag, Validators, conditional::InvalidETag};
use utoipa::ToSchema;

use crate::error::{Mistake, OrderError};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) reference: String,
    pub(crate) customer: i64,
    pub(crate) item: String,
    pub(crate) quantity: i64,
    #[serde(skip)]
    pub(crate) version: i64,
    #[serde(skip)]
    pub(crate) deleted: bool,
}

/// The content of an order, as a client sends it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Draft {
    #[schema(min_length = 1, max_length = 40)]
    pub(crate) reference: String,
    pub(crate) customer: i64,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) item: String,
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(crate) quantity: i64,
}

/// Opens the file, or creates it.
///
/// # Errors
///
/// Returns an error if the file cannot be opened, or belongs to another application.
pub async fn open(file: &Path, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged write is on the disk.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_millis(500))
        .connect_with(options)
        .await?;
    sqlx::migrate!().run(&pool).await?;
    Ok(pool)
}

impl Order {
    /// Returns the validators of the JSON document. A strong tag belongs to one representation (RFC 9110 §8.8.1).
    pub(crate) fn validators(&self) -> Result<Validators, InvalidETag> {
        Ok(Validators::new().with_etag(ETag::strong(format!("v{}", self.version))?))
    }
}

impl Draft {
    /// Returns the draft, or all of its errors.
    pub(crate) fn checked(self) -> Result<Self, OrderError> {
        let rules = [
            (self.reference.is_empty(), "#/reference", "must not be empty"),
            (self.reference.chars().count() > 40, "#/reference", "must be at most 40 characters long"),
            (self.item.trim().is_empty(), "#/item", "must not be blank"),
            (self.item.chars().count() > 200, "#/item", "must be at most 200 characters long"),
            (!(1..=1_000_000).contains(&self.quantity), "#/quantity", "must be between 1 and 1,000,000"),
        ];
        let broken = rules.into_iter().filter(|(broken, ..)| *broken);
        let errors: Vec<_> = broken.map(|(_, pointer, detail)| Mistake { pointer, detail }).collect();
        if errors.is_empty() { Ok(self) } else { Err(OrderError::Invalid { errors }) }
    }
}

macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT id, reference, customer, item, quantity, version, deleted FROM orders WHERE ", $condition)
    };
}

/// Returns an order, or an error if it does not exist or was deleted.
pub(crate) async fn order(db: &mut SqliteConnection, id: i64) -> Result<Order, OrderError> {
    let order: Option<Order> = sqlx::query_as(select!("id = ?")).bind(id).fetch_optional(db).await?;
    match order {
        None => Err(OrderError::NoSuchOrder { order_id: id }),
        Some(order) if order.deleted => Err(OrderError::Deleted(id)),
        Some(order) => Ok(order),
    }
}

/// Returns the orders of one customer, or all.
pub(crate) async fn orders(db: &SqlitePool, customer: Option<i64>) -> Result<Vec<Order>, OrderError> {
    let all = sqlx::query_as(select!("NOT deleted AND (?1 IS NULL OR customer = ?1) ORDER BY id"));
    Ok(all.bind(customer).fetch_all(db).await?)
}

/// Inserts an order, or returns an error if the reference is taken or the customer does not exist.
pub(crate) async fn create(db: &mut SqliteConnection, draft: &Draft) -> Result<Order, OrderError> {
    let created = sqlx::query_as(
        "INSERT INTO orders (reference, customer, item, quantity) VALUES (?, ?, ?, ?)
         RETURNING id, reference, customer, item, quantity, version, deleted",
    );
    let created = created.bind(&draft.reference).bind(draft.customer).bind(&draft.item).bind(draft.quantity);
    Ok(created.fetch_one(db).await?)
}

/// Updates an order, or returns an error if the reference is taken or the customer does not exist.
pub(crate) async fn replace(db: &mut SqliteConnection, id: i64, draft: &Draft) -> Result<Order, OrderError> {
    let replaced = sqlx::query_as(
        "UPDATE orders SET reference = ?, customer = ?, item = ?, quantity = ?, version = version + 1 WHERE id = ?
         RETURNING id, reference, customer, item, quantity, version, deleted",
    );
    let replaced = replaced.bind(&draft.reference).bind(draft.customer).bind(&draft.item).bind(draft.quantity);
    Ok(replaced.bind(id).fetch_one(db).await?)
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: i64) -> Result<(), OrderError> {
    sqlx::query("UPDATE orders SET deleted = 1, version = version + 1 WHERE id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Returns the customers with this name, or an error if there is none.
pub(crate) async fn customers(db: &SqlitePool, name: &str) -> Result<Vec<i64>, OrderError> {
    let named = sqlx::query_scalar("SELECT id FROM customers WHERE name = ? ORDER BY id");
    let named: Vec<_> = named.bind(name).fetch_all(db).await?;
    if named.is_empty() { Err(OrderError::NoSuchCustomer { name: name.to_owned() }) } else { Ok(named) }
}

pub(crate) async fn is_stock_taking(db: &SqlitePool) -> Result<bool, OrderError> {
    Ok(sqlx::query_scalar("SELECT stock_taking FROM shop").fetch_one(db).await?)
}

pub(crate) async fn set_stock_taking(db: &SqlitePool, on: bool) -> Result<(), OrderError> {
    sqlx::query("UPDATE shop SET stock_taking = ?").bind(on).execute(db).await?;
    Ok(())
}

/// Queries a table that no migration creates, like an application whose migration was forgotten.
pub(crate) async fn audit(db: &SqlitePool) -> Result<i64, OrderError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM audit_log").fetch_one(db).await?)
}
