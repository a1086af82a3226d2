//! `translate`: the language that Accept-Language prefers, in every format.

use std::time::Duration;

use http::HeaderValue;
use tower_status::{Context, Format, Page, Render, Rendered, Status, StatusMapLayer, Translate, status_map::Text};

use crate::common::{FORMATS, fail, field, get, json, request, send, text};

/// English has no translations, German all texts of the tests, Arabic a headline and a label, French none.
struct Shop;

impl Translate for Shop {
    fn languages(&self) -> &[&'static str] {
        &["en", "de", "ar", "fr"]
    }

    fn text(&self, language: &str, text: Text<'_>) -> Option<String> {
        let code = |status: &Status| status.code().as_u16();
        let text = match (language, text) {
            ("de", Text::Title(status)) if status.type_uri() == Some("/problems/gone") => "Bestellung gelöscht".into(),
            ("de", Text::Title(status)) if code(status) == 404 => "Nicht gefunden".into(),
            ("de", Text::Headline(status)) if code(status) == 404 => "Seite nicht gefunden".into(),
            ("de", Text::Headline(status)) if code(status) == 503 => "Gerade nicht verfügbar".into(),
            ("de", Text::Explanation(status)) if code(status) == 404 => "Diese Seite gibt es nicht.".into(),
            ("de", Text::Advice(_)) => "Bitte <hier> prüfen.".into(),
            ("de", Text::Detail(status)) if status.extensions().iter().any(|(name, _)| name == "order") => {
                format!("die Bestellung {} gibt es nicht", status.extensions()[0].1)
            }
            ("de", Text::Label(Text::HOME)) => "Startseite".into(),
            ("de", Text::Label(Text::TRY_AGAIN_IN)) => "In {delay} erneut versuchen".into(),
            ("de", Text::Delay(delay)) if delay.as_secs() == 30 => "30 Sekunden".into(),
            ("ar", Text::Headline(_)) => "الصفحة غير موجودة".into(),
            ("ar", Text::Label(Text::HOME)) => "الرئيسية".into(),
            ("fr", _) => " ".into(),
            _ => return None,
        };
        Some(text)
    }
}

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().translate(Shop).page(Page::new().home("/").search("/search"))
}

fn no_such_order() -> Status {
    Status::not_found().with_detail("order 8 does not exist").with_extension("order", 8)
}

// More than 60 lines: one table.
#[tokio::test]
async fn json_and_text_are_in_the_language_that_the_client_prefers() {
    /// An Accept-Language; title, detail and Content-Language of the response.
    struct Row<'a> {
        accept: Option<&'a str>,
        status: Status,
        title: &'a str,
        detail: &'a str,
        language: Option<&'a str>,
    }
    let english = Status::not_found().entry().default_detail();
    let deleted = || Status::gone().with_type("/problems/gone").with_title("Order deleted").with_detail("order 9 was");
    let rows = [
        Row {
            accept: Some("de-CH, en;q=0.9"),
            status: no_such_order(),
            title: "Nicht gefunden",
            detail: "die Bestellung 8 gibt es nicht",
            language: Some("de"),
        },
        Row {
            accept: Some("de"),
            status: Status::not_found(),
            title: "Nicht gefunden",
            detail: "Diese Seite gibt es nicht.",
            language: Some("de"),
        },
        // A text of the application, by its type; the detail is missing.
        Row {
            accept: Some("de"),
            status: deleted(),
            title: "Bestellung gelöscht",
            detail: "order 9 was",
            language: Some("de"),
        },
        // The default, a language that nobody speaks here, one without any text.
        Row { accept: None, status: Status::not_found(), title: "Not Found", detail: english, language: Some("en") },
        Row {
            accept: Some("da"),
            status: Status::not_found(),
            title: "Not Found",
            detail: english,
            language: Some("en"),
        },
        Row {
            accept: Some("fr"),
            status: Status::not_found(),
            title: "Not Found",
            detail: english,
            language: Some("en"),
        },
        Row { accept: Some("en"), status: deleted(), title: "Order deleted", detail: "order 9 was", language: None },
    ];
    for Row { accept, status, title, detail, language } in rows {
        let fields = |format| {
            let mut fields = vec![("accept", format)];
            fields.extend(accept.map(|accept| ("accept-language", accept)));
            fields
        };
        let (parts, body) = fail(&layer(), get("/", &fields("application/json")), status.clone()).await;
        let problem = json(&body);
        assert_eq!((&problem["title"], &problem["detail"]), (&title.into(), &detail.into()), "{accept:?}");
        assert_eq!(field(&parts.headers, "content-language").as_deref(), language, "{accept:?}");
        assert_eq!(field(&parts.headers, "vary").as_deref(), Some("accept | accept-language"));
        let (parts, body) = fail(&layer(), get("/", &fields("text/plain")), status.clone()).await;
        let code = status.code();
        assert!(text(&body).starts_with(&format!("{} {title}\n\n{detail}\n", code.as_str())), "{}", text(&body));
        assert_eq!(field(&parts.headers, "content-language").as_deref(), language, "{accept:?}");
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get_in_each_language() {
    for language in ["de", "ar", "fr", "en"] {
        for (accept, _) in FORMATS {
            let fields = [("accept", accept), ("accept-language", language)];
            let (of_get, body) = fail(&layer(), get("/", &fields), no_such_order()).await;
            let (mut of_head, empty) = fail(&layer(), request("HEAD", "/", &fields), no_such_order()).await;
            assert!(empty.is_empty());
            let length = of_head.headers.remove("content-length").unwrap();
            assert_eq!(length.to_str().unwrap(), body.len().to_string());
            assert_eq!(of_head.headers, of_get.headers, "{language}, {accept}");
            assert!(of_get.headers.get_all("vary").iter().any(|value| value == "accept-language"));
        }
    }
}

// More than 60 lines: one table.
#[tokio::test]
async fn page_has_the_language_and_direction_of_its_texts() {
    /// A language, a status, parts that the page has and parts that it must not have.
    struct Row<'a> {
        language: &'a str,
        status: Status,
        has: &'a [&'a str],
        has_not: &'a [&'a str],
    }
    let delayed = |seconds| Status::service_unavailable().with_retry_after(Duration::from_secs(seconds));
    let rows = [
        Row {
            language: "de",
            status: Status::not_found(),
            has: &[
                "<html lang=\"de\" class=\"client\">",
                "<p class=\"code\">404 Nicht gefunden</p>\n<h1>Seite nicht gefunden</h1>\n<p>Diese Seite gibt es nicht.</p>",
                "<p>Bitte &lt;hier&gt; prüfen.</p>",
                "href=\"/\">Startseite</a>",
                // Missing texts are English.
                "href=\"/search\" lang=\"en\">Search</a>",
                "<p lang=\"en\">About this status: ",
            ],
            has_not: &["Common reasons", "Page not found"],
        },
        Row {
            language: "de",
            status: no_such_order(),
            has: &["<p class=\"detail\">Die Bestellung 8 gibt es nicht</p>"],
            has_not: &["lang=\"\">Die"],
        },
        Row {
            language: "de",
            status: Status::gone().with_title("Order deleted").with_detail("order 9 was deleted"),
            has: &["<h1 lang=\"\" dir=\"auto\">Order deleted</h1>", "lang=\"\" dir=\"auto\">Order 9 was deleted</p>"],
            has_not: &[],
        },
        Row { language: "de", status: delayed(30), has: &[">In 30 Sekunden erneut versuchen</a>"], has_not: &[] },
        Row { language: "de", status: delayed(60), has: &[">In 1\u{a0}min erneut versuchen</a>"], has_not: &[] },
        Row {
            language: "ar",
            status: delayed(30),
            has: &[
                "<html lang=\"ar\" dir=\"rtl\" class=\"server\">",
                "<h1>الصفحة غير موجودة</h1>",
                "503 <span lang=\"en\" dir=\"ltr\">Service Unavailable</span>",
                "lang=\"en\" dir=\"ltr\">Try again in 30 seconds</a>",
            ],
            has_not: &[],
        },
        Row {
            language: "fr",
            status: Status::not_found(),
            has: &["<html lang=\"en\" class=\"client\">", "Page not found", "Common reasons"],
            has_not: &["lang=\"en\">"],
        },
    ];
    for Row { language, status, has, has_not } in rows {
        let request = get("/", &[("accept", "text/html"), ("accept-language", language)]);
        let (_, body) = fail(&layer(), request, status).await;
        for part in has {
            assert!(text(&body).contains(part), "{part}\n{}", text(&body));
        }
        for part in has_not {
            assert!(!text(&body).contains(part), "{part}\n{}", text(&body));
        }
    }
}

#[tokio::test]
async fn advice_for_programs_is_translated() {
    for (status, expected) in [
        (Status::too_many_requests().with_detail("slow down"), true),
        (Status::conflict().with_advice("Take the next number."), true),
        (Status::conflict(), false),
    ] {
        let (_, body) = fail(&layer(), get("/", &[("accept-language", "de")]), status).await;
        assert_eq!(json(&body).get("advice").is_some_and(|advice| advice == "Bitte <hier> prüfen."), expected);
    }
}

/// A `Translate` that shows all that it sees.
struct Spy;

impl Translate for Spy {
    fn languages(&self) -> &[&'static str] {
        &["de"]
    }

    fn text(&self, _: &str, text: Text<'_>) -> Option<String> {
        Some(format!("{text:?}"))
    }
}

#[tokio::test]
async fn what_is_hidden_is_not_passed_on() {
    let status = || {
        let status = Status::bad_gateway().with_detail("the secret").with_extension("order", "a secret");
        status.with_public_extension("shown", 7).with_source("secret source")
    };
    for (accept, _) in FORMATS {
        let layer = StatusMapLayer::new().translate(Spy);
        let (parts, body) = fail(&layer, get("/", &[("accept", accept)]), status()).await;
        assert!(!text(&body).contains("secret") && text(&body).contains("shown"), "{}", text(&body));
        // One language: nothing is negotiated.
        assert_eq!(field(&parts.headers, "vary").as_deref(), Some("accept"));
        assert_eq!(parts.headers["content-language"], "de");
    }
}

#[tokio::test]
async fn a_translate_without_languages_is_dropped() {
    struct Mute;
    impl Translate for Mute {
        fn languages(&self) -> &[&'static str] {
            &[]
        }
        fn text(&self, _: &str, _: Text<'_>) -> Option<String> {
            Some("never".into())
        }
    }
    let (parts, body) = fail(&StatusMapLayer::new().translate(Mute), get("/", &[]), Status::not_found()).await;
    assert_eq!(json(&body)["title"], "Not Found");
    assert_eq!(field(&parts.headers, "vary").as_deref(), Some("accept"));
}

/// An English label has an English delay.
#[tokio::test]
async fn a_delay_is_translated_only_within_a_translated_label() {
    struct DelayAlone;
    impl Translate for DelayAlone {
        fn languages(&self) -> &[&'static str] {
            &["de"]
        }
        fn text(&self, _: &str, text: Text<'_>) -> Option<String> {
            matches!(text, Text::Headline(_) | Text::Delay(_)).then(|| "übersetzt".into())
        }
    }
    let status = Status::service_unavailable().with_retry_after(Duration::from_secs(30));
    let request = get("/", &[("accept", "text/html")]);
    let (_, page) = fail(&StatusMapLayer::new().translate(DelayAlone), request, status).await;
    assert!(text(&page).contains("übersetzt") && text(&page).contains("Try again in 30 seconds"), "{}", text(&page));
}

/// Renders the language of the context.
struct Language;

impl Render for Language {
    fn render(&self, _: &Status, context: &Context<'_>) -> Option<Rendered> {
        Some(Rendered::new(HeaderValue::from_static("text/plain"), context.language.unwrap_or("none")))
    }
}

#[tokio::test]
async fn render_sees_the_language_and_its_body_varies_by_it() {
    let rows = [
        (layer().render(Language), "de", Some("accept | accept-language")),
        (StatusMapLayer::new().render(Language), "none", Some("accept")),
    ];
    for (layer, expected, vary) in rows {
        let (parts, body) = fail(&layer, get("/", &[("accept-language", "de")]), Status::not_found()).await;
        assert_eq!((text(&body), field(&parts.headers, "vary").as_deref()), (expected, vary));
    }
}

#[tokio::test]
async fn a_content_language_of_the_handler_is_replaced_by_that_of_the_body() {
    let inner = crate::common::full(404, &[("content-language", "da"), ("content-type", "text/plain")], "ingen ordre");
    let request = get("/", &[("accept-language", "de")]);
    let (parts, body) = send(&layer(), request, Ok::<_, Status>(inner)).await;
    assert_eq!(json(&body)["detail"], "ingen ordre");
    assert_eq!(parts.headers["content-language"], "de");
}

// ----- Rendered::built_in -----

/// Wraps the built-in body.
struct Wrap;

impl Render for Wrap {
    fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
        let built_in = Rendered::built_in(status, context);
        let body = [built_in.body(), &b"<!-- wrapped -->"[..]].concat();
        Some(built_in.with_body(body))
    }
}

#[tokio::test]
async fn built_in_is_what_is_sent_without_a_render() {
    let statuses = [
        Status::not_found(),
        no_such_order(),
        Status::service_unavailable().with_retry_after(Duration::from_secs(30)),
        Status::bad_gateway().with_detail("secret").with_extension("a", 1).with_public_extension("b", 2),
    ];
    for status in statuses {
        for (accept, _) in FORMATS {
            for language in ["en", "de"] {
                let request =
                    || get("/", &[("accept", accept), ("accept-language", language), ("x-request-id", "r-1")]);
                let (of_layer, body) = fail(&layer(), request(), status.clone()).await;
                let (of_wrap, wrapped) = fail(&layer().render(Wrap), request(), status.clone()).await;
                assert_eq!(text(&wrapped), format!("{}<!-- wrapped -->", text(&body)));
                assert_eq!(of_layer.headers, of_wrap.headers, "{accept}, {language}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn policy_of_the_built_in_page_can_be_replaced() {
    struct Styled;
    impl Render for Styled {
        fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
            let policy = "default-src 'none'; style-src 'self'";
            (context.format == Format::Html)
                .then(|| Rendered::built_in(status, context).with_header("content-security-policy", policy))
        }
    }
    let layer = StatusMapLayer::new().render(Styled);
    let (parts, _) = fail(&layer, get("/", &[("accept", "text/html")]), Status::not_found()).await;
    let policy = field(&parts.headers, "content-security-policy");
    assert_eq!(policy.as_deref(), Some("default-src 'none'; style-src 'self'"));
}
