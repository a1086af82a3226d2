//! The pages. maud escapes their text.

use maud::{DOCTYPE, Markup, html};

use crate::store::Order;

fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/orders.css";
                script src="/assets/orders.js" defer {}
            }
            body {
                nav aria-label="Site" { a href="/orders" { "Orders" } " " a href="/problems" { "Problems" } " " a href="/api" { "API" } }
                main { (content) }
            }
        }
    };
    page.into_string()
}

pub(crate) fn list(orders: &[Order]) -> String {
    page(
        "Orders",
        &html! {
            h1 { "Orders" }
            table {
                thead { tr { th scope="col" { "Reference" } th scope="col" { "Item" } th scope="col" { "Quantity" } } }
                tbody {
                    @for order in orders {
                        tr {
                            td { a href={ "/orders/" (order.id) } { (order.reference) } }
                            td { (order.item) }
                            td { (order.quantity) }
                        }
                    }
                }
            }
            h2 { "New order" }
            (form("POST", "/orders", None))
        },
    )
}

pub(crate) fn order(order: &Order) -> String {
    page(
        &format!("Order {}", order.reference),
        &html! {
            h1 { "Order " (order.reference) }
            (form("PUT", &format!("/orders/{}", order.id), Some(order)))
        },
    )
}

/// Returns a form that `orders.js` sends as JSON, with the entity tag of the order in If-Match.
fn form(method: &str, action: &str, order: Option<&Order>) -> Markup {
    let text = |of: fn(&Order) -> String| order.map(of).unwrap_or_default();
    html! {
        form data-method=(method) data-action=(action) data-tag=[order.map(|order| format!("\"v{}\"", order.version))] {
            label { "Acting as"
                select name="token" {
                    option value="clerk-token" { "a clerk" }
                    option value="manager-token" { "a manager" }
                    option value="auditor-token" { "an auditor" }
                    option value="" { "a visitor" }
                }
            }
            label { "Reference" input name="reference" value=(text(|order| order.reference.clone())); }
            label { "Customer" input name="customer" type="number" value=(text(|order| order.customer.to_string())); }
            label { "Item" input name="item" value=(text(|order| order.item.clone())); }
            label { "Quantity" input name="quantity" type="number" value=(text(|order| order.quantity.to_string())); }
            p {
                button name="save" { "Save" }
                @if order.is_some() { " " button name="delete" type="button" { "Delete" } }
            }
            output role="status" aria-live="polite" {}
        }
    }
}
