//! Error pages in English, German and Arabic, over Fluent. `cargo run --example languages`

use std::{collections::HashMap, io, time::Duration};

use axum::{Router, extract::Path, routing::get};
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use tower_status::{Page, Status, StatusMapLayer, Translate, status_map::Text};

/// The texts beside this file. A text that is missing in one of them is English.
struct Texts(HashMap<&'static str, FluentBundle<FluentResource>>);

impl Texts {
    fn new() -> io::Result<Self> {
        let files = [("de", include_str!("de.ftl")), ("ar", include_str!("ar.ftl"))];
        files
            .into_iter()
            .map(|(language, file)| Ok((language, bundle(language, file)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn bundle(language: &str, file: &str) -> io::Result<FluentBundle<FluentResource>> {
    let texts = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| invalid(language, &errors))?;
    let language_identifier = language.parse().map_err(|error| invalid(language, &error))?;
    let mut bundle = FluentBundle::new_concurrent(vec![language_identifier]);
    bundle.set_use_isolating(false);
    bundle.add_resource(texts).map_err(|errors| invalid(language, &errors))?;
    Ok(bundle)
}

fn invalid(language: &str, errors: &dyn std::fmt::Debug) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{language}.ftl: {errors:?}"))
}

impl Translate for Texts {
    fn languages(&self) -> &[&'static str] {
        &["en", "de", "ar"]
    }

    fn text(&self, language: &str, text: Text<'_>) -> Option<String> {
        let bundle = self.0.get(language)?;
        let mut values = FluentArgs::new();
        let key = match text {
            Text::Title(status) => key("title", status),
            Text::Headline(status) => key("headline", status),
            Text::Explanation(status) => key("explanation", status),
            Text::Advice(status) => key("advice", status),
            Text::Detail(status) => {
                for (name, value) in status.extensions() {
                    values.set(&**name, value.to_string());
                }
                key("detail", status)
            }
            Text::Label(label) => {
                values.set("delay", "{delay}"); // the placeholder stays one
                label.replace(['{', '}'], "").replace(' ', "-").to_lowercase()
            }
            Text::Delay(delay) => {
                values.set("count", delay.as_secs());
                "seconds".to_owned()
            }
            _ => return None,
        };
        let pattern = bundle.get_message(&key)?.value()?;
        Some(bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned())
    }
}

/// Returns a key such as `title-no-such-order`, by the type of the problem, or `title-404`, by the code.
fn key(text: &str, status: &Status) -> String {
    let of_type = status.type_uri().and_then(|uri| uri.rsplit('/').next());
    format!("{text}-{}", of_type.unwrap_or(status.code().as_str()))
}

async fn order(Path(id): Path<u64>) -> Status {
    let status = Status::not_found().with_type("/problems/no-such-order").with_title("Order not found");
    status.with_detail(format!("order {id} does not exist")).with_extension("order", id)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let page = Page::new().site("Tulip Shop").home("/").search("/search").support("mailto:help@example.org");
    let busy = async || Status::service_unavailable().with_retry_after(Duration::from_secs(3));
    let app = Router::new()
        .route("/orders/{id}", get(order))
        .route("/busy", get(busy))
        .layer(StatusMapLayer::new().page(page).translate(Texts::new()?));
    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("try:");
    for language in ["en", "de", "ar"] {
        println!("  curl -i -H 'accept-language: {language}' {url}/orders/8 # 404");
    }
    println!("or open {url}/orders/8, {url}/nowhere and {url}/busy in a browser");
    axum::serve(listener, app).await
}
