//! The files example: downloads are resumed only if the file is unchanged.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use reqwest::{Client, Method, Version};

use crate::example::{Example, client};

/// Writes a file that was last changed so many seconds ago.
fn write(path: &Path, content: &str, seconds: u64) {
    fs::write(path, content).unwrap();
    let modified = SystemTime::now() - Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// Returns the code, the tag and the body of a response.
async fn send(client: &Client, method: Method, url: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let request =
        fields.iter().fold(client.request(method, url), |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.unwrap();
    let tag = response.headers().get("etag").map_or("", |tag| tag.to_str().unwrap()).to_owned();
    (response.status().as_u16(), tag, response.text().await.unwrap())
}

#[tokio::test]
async fn files() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let folder = outside.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("tulips.txt");
    write(&file, "red tulips, white tulips", 3_600);
    let example = Example::start_with("files", &[folder.as_os_str()], 2);
    let (client, url) = (client(Version::HTTP_11), format!("{}/files/tulips.txt", example.url));
    let get = |fields: Vec<(&'static str, String)>| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            send(&client, Method::GET, &url, &fields).await
        }
    };

    let (code, tag, body) = get(vec![]).await;
    assert_eq!((code, body.as_str()), (200, "red tulips, white tulips"));
    assert!(tag.starts_with('"'), "the tag is strong: {tag}");
    let rest = |tag: &str| vec![("range", "bytes=12-".to_owned()), ("if-range", tag.to_owned())];
    #[rustfmt::skip]
    let rows = [
        ("resumed",             rest(&tag),                                  206, "white tulips"),
        ("another version",     rest("\"other\""),                           200, "red tulips, white tulips"),
        ("a weak tag",          rest(&format!("W/{tag}")),                   200, "red tulips, white tulips"),
        ("without If-Range",    vec![("range", "bytes=12-".to_owned())],     206, "white tulips"),
        ("the current version", vec![("if-none-match", tag.clone())],        304, ""),
        ("an old version",      vec![("if-none-match", "\"x\"".to_owned())], 200, "red tulips, white tulips"),
        ("If-Match",            vec![("if-match", tag.clone())],             200, "red tulips, white tulips"),
    ];
    for (name, fields, expected, content) in rows {
        let (code, sent, body) = get(fields).await;
        assert_eq!((code, sent.as_str(), body.as_str()), (expected, tag.as_str(), content), "{name}");
    }
    assert_eq!(get(vec![("if-match", "\"x\"".to_owned())]).await.0, 412);
    let (code, sent, body) = send(&client, Method::HEAD, &url, &[]).await;
    assert_eq!((code, sent.as_str(), body.as_str()), (200, tag.as_str(), ""));

    // The same length, so only the time of the change differs.
    write(&file, "red roses!, white tulips", 1_800);
    let (code, changed, body) = get(rest(&tag)).await;
    assert_eq!((code, body.as_str()), (200, "red roses!, white tulips"), "the file has changed");
    assert_ne!(changed, tag);
    // Another change within this second may not change the time, so the tag is weak.
    write(&file, "red tulips, white tulips", 0);
    let (_, fresh, _) = get(vec![]).await;
    assert!(fresh.starts_with("W/"), "{fresh}");
    assert_eq!(get(rest(&fresh)).await.0, 200);
    assert_eq!(get(vec![("if-none-match", fresh)]).await.0, 304);

    for path in ["missing.txt", "", "..%2fsecret.txt", "%2e%2e/secret.txt", "%ff"] {
        let (code, tag, body) = send(&client, Method::GET, &format!("{}/files/{path}", example.url), &[]).await;
        assert_eq!((code, tag.as_str(), body.contains("secret")), (404, "", false), "{path}");
    }
}
