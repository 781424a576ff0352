use std::collections::BTreeSet;
use std::path::Path as FilePath;

use super::*;

const UPDATE: &str = "SIGPOST_UPDATE_SNAPSHOTS";

#[test]
fn the_openapi_documents_are_those_checked_in() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for document in DOCUMENTS.iter() {
            std::fs::write(folder.join(format!("{}.json", document.name)), &document.json).unwrap();
        }
    }
    let files =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let (files, names): (BTreeSet<_>, BTreeSet<_>) =
        (files.collect(), DOCUMENTS.iter().map(|document| format!("{}.json", document.name)).collect());
    let remedy = format!(
        "see whether the change is meant, then run `{UPDATE}=1 cargo nextest run -p sigpost-server openapi` and check \
         in what it writes"
    );
    assert_eq!(files, names, "server/openapi has other documents: {remedy}");
    for document in DOCUMENTS.iter() {
        let checked_in = std::fs::read(folder.join(format!("{}.json", document.name))).unwrap();
        let same = checked_in == document.json;
        assert!(
            same,
            "the API of `{}` is another than server/openapi/{0}.json says: {remedy}",
            document.name
        );
    }
}

fn page_of(document: &serde_json::Value) -> String {
    page::render("native", document)
}

#[test]
fn nothing_of_a_document_becomes_markup() {
    let hostile = "<script>alert('1')</script>\"><b onclick=\"x\">`<i>`";
    let page = page_of(&serde_json::json!({
        "info": { "title": hostile, "version": hostile, "description": hostile },
        "paths": { hostile: { "get": {
            "tags": [hostile], "summary": hostile, "description": hostile, "operationId": hostile,
            "parameters": [{ "name": hostile, "in": hostile, "description": hostile, "schema": { "type": hostile, "enum": [hostile] } }],
            "requestBody": { "description": hostile, "content": { hostile: { "schema": { "$ref": hostile }, "example": hostile } } },
            "responses": { hostile: {
                "description": hostile, "headers": { hostile: { "description": hostile } },
                "content": { hostile: { "schema": { "type": [hostile, "array"], "format": hostile, "pattern": hostile } } },
            } },
        } } },
        "components": { "schemas": { hostile: {
            "description": hostile, "properties": { hostile: { "description": hostile, "examples": [hostile] } },
        } } },
    }));
    for markup in ["<script", "<b ", "<i>", "onclick=\""] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)"), "{page}");
}

#[test]
fn every_operation_and_body_has_its_place_on_the_page_and_every_link_leads_somewhere() {
    for (document, made) in dialects::documents().iter().zip(DOCUMENTS.iter()) {
        let (json, page) = (json(&document.1), String::from_utf8(made.page.to_vec()).unwrap());
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an anchor stands twice");
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&target), "{target} is no place");
        }
        let methods = json["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len());
        assert_eq!(
            ids.iter().filter(|id| id.starts_with("operation-") && !id.ends_with("-title")).count(),
            methods.sum::<usize>()
        );
        let schemas = json["components"]["schemas"].as_object().unwrap();
        assert!(schemas.keys().all(|name| ids.contains(&&*format!("body-{name}"))));
        let outside = ["<script", "<img", "<link", "@import", "url(", "src=", "https://fonts"];
        assert!(outside.iter().all(|thing| !page.contains(thing)));
    }
}

#[tokio::test]
async fn documents_and_pages_are_served_and_unknown_names_are_404() {
    for made in DOCUMENTS.iter() {
        let json = document(Ok(Path(format!("{}.json", made.name)))).await;
        assert_eq!(
            (json.status(), &json.headers()["content-type"]),
            (StatusCode::OK, &HeaderValue::from_static("application/json"))
        );
        let answer = page(Ok(Path(made.name.to_owned()))).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    for name in ["native", "none.json", "", ".json", "../native.json"] {
        assert_eq!(document(Ok(Path(name.to_owned()))).await.status(), StatusCode::NOT_FOUND, "{name}");
    }
    for name in ["native.json", "none", ""] {
        assert_eq!(page(Ok(Path(name.to_owned()))).await.status(), StatusCode::NOT_FOUND, "{name}");
    }
}
