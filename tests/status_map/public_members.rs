//! Public extension members: shown on a 5xx whose detail is hidden.

use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer};

use crate::common::{FORMATS, PROBLEM_JSON, all_text, fail, get, json as parsed};

/// Builds a 502 with a secret detail and member, and a public member.
fn status() -> Status {
    Status::bad_gateway()
        .with_detail("secret detail")
        .with_extension("host", "secret host")
        .with_public_extension("code", "provider_failed")
}

#[tokio::test]
async fn hidden_5xx_shows_its_public_members_in_each_format() {
    for (accept, content_type) in FORMATS {
        let (head, body) = fail(&StatusMapLayer::new(), get("/", &[("accept", accept)]), status()).await;
        let text = all_text(&head, &body);
        assert!(text.contains("provider_failed"), "{accept}: {text}");
        assert!(!text.contains("secret"), "{accept}: {text}");
        if content_type == PROBLEM_JSON {
            let mut problem = parsed(&body);
            problem.as_object_mut().unwrap().remove("detail");
            let expected =
                json!({ "type": "about:blank", "title": "Bad Gateway", "status": 502, "code": "provider_failed" });
            assert_eq!(problem, expected);
        }
    }
}

#[tokio::test]
async fn last_call_for_a_name_decides_whether_the_member_is_public() {
    let rows = [
        (status().with_extension("code", "hidden_again"), Value::Null),
        (status().with_public_extension("host", "eu-1"), json!("provider_failed")),
        (Status::bad_gateway().with_extension("code", 1).with_public_extension("code", 2), json!(2)),
    ];
    for (status, expected) in rows {
        let row = format!("{status:?}");
        let (_, body) = fail(&StatusMapLayer::new(), get("/", &[]), status).await;
        assert_eq!(parsed(&body)["code"], expected, "{row}");
    }
}

#[tokio::test]
async fn exposed_5xx_and_4xx_show_all_members() {
    let layer = StatusMapLayer::new();
    let exposing = StatusMapLayer::new().expose_server_errors(true);
    let not_found = Status::not_found().with_extension("host", "h").with_public_extension("code", "provider_failed");
    for (layer, status) in [(&layer, status().expose()), (&exposing, status()), (&layer, not_found)] {
        let (_, body) = fail(layer, get("/", &[]), status).await;
        let problem = parsed(&body);
        assert_eq!(problem["code"], "provider_failed");
        assert!(problem["host"].is_string(), "{problem}");
    }
}

#[tokio::test]
async fn custom_body_sees_only_the_public_members_of_a_hidden_5xx() {
    use tower_status::{Context, Render, Rendered};

    #[derive(Clone)]
    struct Members;

    impl Render for Members {
        fn render(&self, status: &Status, _: &Context<'_>) -> Option<Rendered> {
            Some(Rendered::new(
                http::HeaderValue::from_static("text/plain"),
                format!("{:?} {:?}", status.detail(), status.extensions()),
            ))
        }
    }

    let (_, body) = fail(&StatusMapLayer::new().render(Members), get("/", &[]), status()).await;
    assert_eq!(body, r#"None [("code", String("provider_failed"))]"#);
}
