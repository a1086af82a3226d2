//! How to repeat the request: beside a detail, 426 (RFC 9110 §15.5.22), 428, 429 and 511 (RFC 6585) explain it in every
//! format, and so does any status with an advice of its application.

use serde_json::Value;
use tower_status::{Status, StatusMapLayer};

use crate::common::{fail, get, json, text};

/// Returns the document, the text and the page of a status.
async fn formats(status: &Status) -> (Value, String, String) {
    let body = async |accept| {
        let (_, body) = fail(&StatusMapLayer::new(), get("/", &[("accept", accept)]), status.clone()).await;
        text(&body).to_owned()
    };
    let document = json(body("application/json").await.as_bytes());
    (document, body("text/plain").await, body("text/html").await)
}

/// RFC 6585 §3: the response to a request without a condition explains how to resubmit the request.
#[tokio::test]
async fn status_that_requires_it_explains_beside_its_detail_how_to_repeat_the_request() {
    for (status, phrase) in [
        (Status::upgrade_required("h2c"), "Upgrade"),
        (Status::precondition_required(), "If-Match"),
        (Status::too_many_requests(), "Retry-After"),
        (Status::network_authentication_required(), "Sign in"),
    ] {
        let code = status.code();
        let (document, plain, page) = formats(&status.clone().with_detail("an own detail").expose()).await;
        assert_eq!(document["detail"], "an own detail", "{code}");
        let advice = document["advice"].as_str().unwrap_or_else(|| panic!("{code}: {document}"));
        assert!(advice.contains(phrase), "{code}: {advice}");
        assert_eq!(plain.lines().last(), Some(advice), "{code}");
        assert!(page.contains(status.entry().advice), "{code}: {page}");

        // Without a detail, the detail explains it.
        let (document, plain, _) = formats(&status).await;
        let detail = document["detail"].as_str().unwrap();
        assert!(detail.contains(phrase), "{code}: {document}");
        assert_eq!((document.get("advice"), plain.matches(detail).count()), (None, 1), "{code}: {document}");
    }
}

#[tokio::test]
async fn advice_of_the_application_replaces_that_of_the_status() {
    for status in [Status::precondition_required(), Status::conflict()] {
        let code = status.code();
        let status = status.with_detail("an own detail").with_advice("Take the next number.");
        let (document, plain, page) = formats(&status).await;
        assert_eq!(document["advice"], "Take the next number.", "{code}");
        assert_eq!(plain.lines().last(), Some("Take the next number."), "{code}");
        assert!(page.contains("Take the next number.") && !page.contains(status.entry().advice), "{code}: {page}");
    }
}

#[tokio::test]
async fn other_status_has_no_advice_for_programs() {
    let (document, plain, _) = formats(&Status::conflict().with_detail("an own detail")).await;
    assert_eq!((document.get("advice"), plain.lines().last()), (None, Some("an own detail")));
}
