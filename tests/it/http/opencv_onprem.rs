//! `OpenCV FR`'s on-prem API as its callers use it: every endpoint, every error code, field by field.

use likeness::session::project::{Dialect, Scope};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::Seen;
use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{Scene, TestApp, keys};

pub(super) async fn call(app: &TestApp, method: Method, path: &str, body: &Value) -> Seen {
    let request = app.client.request(method, app.url(path)).json(body);
    app.see(request.header("x-api-key", &app.token)).await
}

async fn post(app: &TestApp, path: &str, body: Value) -> Seen {
    call(app, Method::POST, path, &body).await
}

/// The code and the message, and no key beside them.
pub(super) fn error(seen: &Seen, status: u16, code: &str) -> String {
    assert_eq!(seen.status.as_u16(), status, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["code", "message"], "{}", seen.body);
    assert_eq!(seen.body["code"], code);
    seen.body["message"].as_str().unwrap().to_owned()
}

fn metadata(seen: &Seen, status: u16, code: &str) -> String {
    assert_eq!(seen.status.as_u16(), status, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["code", "message", "metadata"]);
    assert_eq!(seen.body["code"], code, "{}", seen.body);
    assert_eq!(keys(&seen.body["metadata"]), ["code"]);
    seen.body["metadata"]["code"].as_str().unwrap().to_owned()
}

fn pair(face: &str, reference: &str) -> Value {
    json!({ "face_base_64": face, "ref_face_base_64": reference })
}

fn picture(shown: Shown) -> String {
    base64(&shown.png())
}

async fn collection(app: &TestApp, name: &str) {
    let seen = post(app, "/collection", json!({ "name": name })).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

fn person_form(number: u8, person_id: &str) -> Value {
    json!({
        "person_id": person_id, "person_name": "Budi", "collection_name": "staff",
        "face_base_64": person(number), "face_storage_type": "StoreThumbnails",
    })
}

async fn put(app: &TestApp, number: u8, person_id: &str) {
    let seen = call(app, Method::PUT, "/person", &person_form(number, person_id)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

fn search(number: u8) -> Value {
    json!({ "collection_name": "staff", "face_base_64": person(number), "max_results": 5 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_answers_is_match_and_nothing_else() {
    let app = TestApp::start().await;
    let body = json!({
        "check_liveness": false, "face_base_64": person(3),
        "min_similarity_score": 0.7, "ref_face_base_64": person(4),
    });
    let seen = post(&app, "/compare", body).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.body, json!({ "is_match": true }));
    let far = post(&app, "/compare", pair(&person(3), &person(12))).await;
    assert_eq!(far.body, json!({ "is_match": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_raises_the_projects_threshold_and_never_lowers_it() {
    let app = TestApp::start().await;
    let asked = async |least: Value| {
        let mut body = pair(&person(3), &person(8));
        body["min_similarity_score"] = least;
        post(&app, "/compare", body).await.body["is_match"].clone()
    };
    assert!((percentage(3, 8) - 64.28).abs() < 0.01);
    assert_eq!(asked(json!(0.1)).await, false, "the floor is 70");
    app.set_project(|settings| settings.thresholds.opencv_fr = 60.0)
        .await;
    assert_eq!(asked(json!(0.1)).await, true, "the floor is 60");
    assert_eq!(asked(json!(0.64)).await, true);
    assert_eq!(asked(json!(0.65)).await, false, "the call asks for more");
    assert_eq!(
        asked(Value::Null).await,
        false,
        "the vendor's default is 0.7"
    );
    let mut body = pair(&person(3), &person(8));
    for wrong in [json!(1.5), json!(-0.1), json!("0.7")] {
        body["min_similarity_score"] = wrong;
        let message = error(
            &post(&app, "/compare", body.clone()).await,
            400,
            "ERR_INVALID_REQUEST",
        );
        assert!(message.contains("min_similarity_score"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_liveness_fault_has_its_code() {
    let app = TestApp::start().await;
    let good = Shown::person(1);
    let of = |shown: Shown, width, height| base64(&shown.png_of(width, height));
    let large = Shown { side: 250, ..good };
    for (face, code) in [
        (picture(Shown::nobody()), "FACE_NOT_FOUND"),
        (picture(Shown { faces: 3, ..good }), "TOO_MANY_FACES"),
        (picture(Shown { side: 149, ..good }), "FACE_TOO_SMALL"),
        (picture(Shown { side: 40, ..good }), "FACE_TOO_SMALL"),
        (of(good, 400, 239), "FACE_CROPPED"),
        (of(good, 400, 250), "FACE_CLOSE_TO_BORDER"),
        (of(large, 400, 330), "FACE_TOO_CLOSE"),
        (picture(Shown { yaw: 31, ..good }), "FACE_ANGLE_TOO_LARGE"),
        (
            picture(Shown {
                masked: true,
                ..good
            }),
            "FACE_IS_OCCLUDED",
        ),
        (
            picture(Shown {
                liveness: 49,
                ..good
            }),
            "FACE_NOT_LIVE",
        ),
    ] {
        let mut body = pair(&face, &person(1));
        body["check_liveness"] = json!(true);
        let seen = post(&app, "/compare", body).await;
        assert_eq!(metadata(&seen, 409, "ERR_LIVENESS_ERROR"), code);
        assert_eq!(
            seen.body["message"],
            "A liveness error occurred. Please check the supplied image and the error metadata."
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn liveness_is_asked_of_the_first_face_alone_and_only_where_it_is_wanted() {
    let app = TestApp::start().await;
    let dead = picture(Shown {
        liveness: 0,
        ..Shown::person(1)
    });
    let mut body = pair(&person(1), &dead);
    body["check_liveness"] = json!(true);
    let seen = post(&app, "/compare", body).await;
    assert_eq!(seen.body, json!({ "is_match": true }));
    let seen = post(&app, "/compare", pair(&dead, &person(1))).await;
    assert_eq!(seen.body, json!({ "is_match": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_liveness_pack_the_check_is_a_license_error() {
    let app = TestApp::start_without_observations().await;
    collection(&app, "staff").await;
    let mut compare = pair(&picture(Shown::nobody()), &person(1));
    compare["check_liveness"] = json!(true);
    let mut put = person_form(1, "budi");
    put["check_liveness"] = json!(true);
    let mut find = search(1);
    find["check_liveness"] = json!(true);
    for (method, path, body) in [
        (Method::POST, "/compare", &compare),
        (Method::PUT, "/person", &put),
        (Method::POST, "/face-search", &find),
    ] {
        let seen = call(&app, method, path, body).await;
        assert_eq!(metadata(&seen, 409, "ERR_LIVENESS_ERROR"), "LICENSE_ERROR");
    }
    let seen = post(&app, "/compare", pair(&person(1), &person(1))).await;
    assert_eq!(seen.body, json!({ "is_match": true }), "nobody asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_made_counted_and_deleted_with_their_people() {
    let app = TestApp::start().await;
    let name = json!({ "name": "staff" });
    let made = post(&app, "/collection", name.clone()).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.body, json!({ "name": "staff", "num_persons": 0 }));
    let twice = post(&app, "/collection", name.clone()).await;
    assert_eq!(
        error(&twice, 409, "ERR_ALREADY_EXISTS"),
        "Another entity already exists with the same ID."
    );
    put(&app, 1, "budi").await;
    put(&app, 9, "siti").await;
    let gone = call(&app, Method::DELETE, "/collection", &name).await;
    assert_eq!(gone.body, json!({ "name": "staff", "num_persons": 2 }));
    assert_eq!(app.files("blobs"), Vec::<std::path::PathBuf>::new());
    let again = call(&app, Method::DELETE, "/collection", &name).await;
    assert_eq!(
        error(&again, 404, "ERR_NOT_FOUND"),
        "The requested entity could not be found."
    );
    for bad in ["a b", "café", "a/b"] {
        let seen = post(&app, "/collection", json!({ "name": bad })).await;
        assert_eq!(
            error(&seen, 400, "ERR_INVALID_COLLECTION_NAME"),
            "Collection names can only contain alphanumeric characters, underscores, hyphens, and periods."
        );
    }
    for good in ["A.b-c_9", &"k".repeat(255)] {
        collection(&app, good).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_enrolled_found_updated_and_deleted() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    let seen = call(&app, Method::PUT, "/person", &person_form(1, "budi")).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(
        seen.body,
        json!({ "person_id": "budi", "person_name": "Budi", "collection_name": "staff" })
    );
    put(&app, 9, "siti").await;
    let found = post(&app, "/face-search", search(2)).await;
    assert_eq!(found.status, StatusCode::OK);
    let list = found.body.as_array().unwrap();
    assert_eq!(list.len(), 1, "{}", found.body);
    assert_eq!(
        keys(&list[0]),
        ["person_id", "person_name", "collection_name", "score"]
    );
    assert_eq!(list[0]["person_id"], "budi");
    let score = list[0]["score"].as_f64().unwrap();
    assert!((score * 100.0 - percentage(1, 2)).abs() < 1e-4, "{score}");

    put(&app, 20, "budi").await;
    let found = post(&app, "/face-search", search(2)).await;
    assert_eq!(found.body, json!([]), "the earlier face is gone");
    let found = post(&app, "/face-search", search(20)).await;
    assert_eq!(found.body[0]["person_id"], "budi");

    let delete = json!({ "person_id": "budi", "collection_name": "staff" });
    let gone = call(&app, Method::DELETE, "/person", &delete).await;
    assert_eq!(gone.body["person_name"], "Budi");
    let found = post(&app, "/face-search", search(20)).await;
    assert_eq!(found.body, json!([]));
    let again = call(&app, Method::DELETE, "/person", &delete).await;
    error(&again, 404, "ERR_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_answers_the_most_similar_first_and_as_many_as_asked() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    for (number, id) in [(3, "three"), (4, "four"), (5, "five")] {
        put(&app, number, id).await;
    }
    let ids = |seen: &Seen| -> Vec<String> {
        let list = seen.body.as_array().unwrap().iter();
        list.map(|one| one["person_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut body = search(3);
    let seen = post(&app, "/face-search", body.clone()).await;
    assert_eq!(ids(&seen), ["three", "four", "five"]);
    body["min_similarity_score"] = json!(0.96);
    let seen = post(&app, "/face-search", body.clone()).await;
    assert_eq!(ids(&seen), ["three", "four"], "cos 20° is 0.94");
    body["max_results"] = Value::Null;
    let seen = post(&app, "/face-search", body.clone()).await;
    assert_eq!(ids(&seen), ["three"], "one without a number");
    body["max_results"] = json!(0);
    error(
        &post(&app, "/face-search", body).await,
        400,
        "ERR_INVALID_REQUEST",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_somebody_else_and_not_oneself() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    put(&app, 1, "budi").await;
    let mut body = person_form(2, "impostor");
    body["check_duplicates"] = json!(true);
    let seen = call(&app, Method::PUT, "/person", &body).await;
    error(&seen, 409, "ERR_ALREADY_EXISTS");
    body["duplicate_check_min_similarity"] = json!(0.99);
    let seen = call(&app, Method::PUT, "/person", &body).await;
    assert_eq!(seen.status, StatusCode::OK, "cos 10° is 0.985");
    let mut own = person_form(1, "budi");
    own["check_duplicates"] = json!(true);
    own["duplicate_check_min_similarity"] = json!(0.99);
    let seen = call(&app, Method::PUT, "/person", &own).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_much_of_a_picture_is_kept_as_asked() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    for (kind, files) in [
        ("NoStorage", 0),
        ("StoreThumbnails", 1),
        ("StoreFullImage", 2),
    ] {
        let mut body = person_form(1, "budi");
        body["face_storage_type"] = json!(kind);
        let seen = call(&app, Method::PUT, "/person", &body).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        assert_eq!(app.files("blobs").len(), files, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_enrolment_answers_one_by_one() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    let one = |id: &str, face: String| json!({ "person_id": id, "person_name": "N", "face_base_64": face });
    let body = json!({
        "collection_name": "staff", "face_storage_type": "NoStorage", "check_duplicates": true,
        "persons": [
            one("a", person(1)), one("b", picture(Shown::nobody())), one("c", person(2)), 7,
            one("d", "no base64!".to_owned()), { "person_id": "e" }, one("f", person(12)),
        ],
    });
    let seen = call(&app, Method::PUT, "/persons", &body).await;
    assert_eq!(seen.status, StatusCode::OK);
    let outcomes: Vec<_> = seen.body.as_array().unwrap().iter().collect();
    let codes: Vec<_> = outcomes.iter().map(|one| one["code"].clone()).collect();
    assert_eq!(
        codes,
        [
            "SUCCESS",
            "ERR_FACE_NOT_DETECTED",
            "ERR_ALREADY_EXISTS",
            "ERR_INVALID_REQUEST",
            "ERR_BASE64_IMAGE_CANNOT_BE_DECODED",
            "ERR_INVALID_REQUEST",
            "SUCCESS"
        ]
    );
    assert_eq!(keys(outcomes[0]), ["code", "message", "metadata"]);
    assert_eq!(outcomes[1]["metadata"], json!({ "person_id": "b" }));
    let found = post(&app, "/face-search", search(1)).await;
    assert_eq!(found.body[0]["person_id"], "a");
    let found = post(&app, "/face-search", search(12)).await;
    assert_eq!(found.body[0]["person_id"], "f");
    let mut unknown = body;
    unknown["collection_name"] = json!("visitors");
    let seen = call(&app, Method::PUT, "/persons", &unknown).await;
    error(&seen, 404, "ERR_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_picture_has_the_vendors_code() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    let good = Shown::person(1);
    for bad in [
        "no base64!".to_owned(),
        String::new(),
        base64(b"%PDF-1.7 not a picture"),
        base64(&good.png()[..60]),
        base64(&vec![0; 6_000_000]),
    ] {
        for body in [pair(&bad, &person(1)), pair(&person(1), &bad)] {
            let seen = post(&app, "/compare", body).await;
            assert_eq!(
                error(&seen, 415, "ERR_BASE64_IMAGE_CANNOT_BE_DECODED"),
                "The posted Base64 image(s) could not be decoded as JPEG/PNG bytes."
            );
        }
    }
    let nobody = picture(Shown::nobody());
    for body in [pair(&nobody, &person(1)), pair(&person(1), &nobody)] {
        let seen = post(&app, "/compare", body).await;
        assert_eq!(
            error(&seen, 400, "ERR_FACE_NOT_DETECTED"),
            "A face could not be detected in the image(s)."
        );
    }
    for (shown, code) in [
        (Shown { faces: 3, ..good }, "TOO_MANY_FACES"),
        (Shown { side: 40, ..good }, "FACE_TOO_SMALL"),
    ] {
        let seen = post(&app, "/compare", pair(&person(1), &picture(shown))).await;
        assert_eq!(metadata(&seen, 400, "ERR_FACE_NOT_DETECTED"), code);
        let mut body = person_form(1, "budi");
        body["face_base_64"] = json!(picture(shown));
        let seen = call(&app, Method::PUT, "/person", &body).await;
        assert_eq!(metadata(&seen, 400, "ERR_FACE_NOT_DETECTED"), code);
    }
    assert_eq!(app.files("blobs"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_null_or_of_another_type_is_named() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    let compare = pair(&person(1), &person(1));
    let put = person_form(1, "budi");
    let bulk =
        json!({ "collection_name": "staff", "face_storage_type": "NoStorage", "persons": [] });
    let with = |body: &Value, key: &str, value: Value| {
        let mut body = body.clone();
        body[key] = value;
        body
    };
    let long = json!("k".repeat(256));
    for (method, path, good, key, bad) in [
        (
            Method::POST,
            "/compare",
            &compare,
            "face_base_64",
            json!(null),
        ),
        (
            Method::POST,
            "/compare",
            &compare,
            "ref_face_base_64",
            json!(7),
        ),
        (
            Method::POST,
            "/compare",
            &compare,
            "check_liveness",
            json!("yes"),
        ),
        (Method::POST, "/collection", &json!({}), "name", json!(null)),
        (Method::DELETE, "/collection", &json!({}), "name", json!([])),
        (Method::PUT, "/person", &put, "person_id", json!(null)),
        (Method::PUT, "/person", &put, "person_name", json!(true)),
        (Method::PUT, "/person", &put, "collection_name", json!({})),
        (
            Method::PUT,
            "/person",
            &put,
            "face_storage_type",
            json!("All"),
        ),
        (Method::PUT, "/persons", &bulk, "persons", json!("x")),
        (Method::DELETE, "/person", &put, "person_id", json!([1])),
        (
            Method::POST,
            "/face-search",
            &search(1),
            "max_results",
            json!(-1),
        ),
    ] {
        let seen = call(&app, method, path, &with(good, key, bad)).await;
        let message = error(&seen, 400, "ERR_INVALID_REQUEST");
        assert!(message.contains(key), "{path} {key}: {message}");
    }
    for (method, path, body) in [
        (Method::POST, "/collection", json!({ "name": long })),
        (
            Method::PUT,
            "/person",
            with(&put, "person_id", long.clone()),
        ),
        (
            Method::PUT,
            "/person",
            with(&put, "person_name", long.clone()),
        ),
    ] {
        let message = error(
            &call(&app, method, path, &body).await,
            400,
            "ERR_INVALID_REQUEST",
        );
        assert!(message.contains("255"), "{message}");
    }
    let key = app.client.post(app.url("/compare"));
    let broken = key.header("x-api-key", &app.token).body("{");
    error(&app.see(broken).await, 400, "ERR_INVALID_REQUEST");
    let narrow = TestApp::start_with(|config| config.max_json_bytes = 100).await;
    let seen = post(&narrow, "/compare", compare).await;
    error(&seen, 413, "ERR_INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_asked_for_first() {
    let app = TestApp::start().await;
    let call = || app.client.post(app.url("/compare")).json(&json!({}));
    for request in [call(), call().bearer_auth(&app.token)] {
        assert_eq!(
            error(&app.see(request).await, 401, "ERR_API_KEY_NOT_PRESENT"),
            "The API key is missing from the request."
        );
    }
    let expired = app.token_with("demo", vec![Scope::Submit], Some(1)).await;
    app.clock.advance(10);
    for key in ["lk_wrong", expired.as_str()] {
        let seen = app.see(call().header("x-api-key", key)).await;
        assert_eq!(
            error(&seen, 403, "ERR_API_KEY_NOT_VALID"),
            "The API key is not valid."
        );
    }
    let reader = app.token_with("demo", vec![Scope::Read], None).await;
    let request = app.client.post(app.url("/compare"));
    let request = request.json(&pair(&person(1), &person(1)));
    let seen = app.see(request.header("x-api-key", &reader)).await;
    assert!(error(&seen, 403, "ERR_NOT_PERMITTED").contains("submit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_closes_the_door_has_codes_of_its_own() {
    let app = TestApp::start().await;
    let body = pair(&person(1), &person(1));
    app.sees(Scene {
        fault: true,
        ..Scene::of(&[])
    });
    let seen = post(&app, "/compare", body.clone()).await;
    let message = error(&seen, 500, "ERR_INTERNAL_ERROR");
    assert!(!message.contains("secret"), "{message}");
    app.sees(Scene::of(&[]));
    let seen = post(&app, "/multi-face-search", json!({})).await;
    error(&seen, 501, "ERR_NOT_OFFERED");
    app.set_project(|settings| settings.quotas.galleries = Some(0))
        .await;
    let seen = post(&app, "/collection", json!({ "name": "a" })).await;
    error(&seen, 403, "ERR_QUOTA_REACHED");
    app.set_project(|settings| settings.suspended = true).await;
    let seen = post(&app, "/compare", body.clone()).await;
    error(&seen, 403, "ERR_PROJECT_SUSPENDED");
    app.set_project(|settings| settings.disabled = vec![Dialect::OpencvFr])
        .await;
    let seen = post(&app, "/compare", body.clone()).await;
    error(&seen, 403, "ERR_API_DISABLED");
    let wrong = app.client.get(app.url("/compare")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    let wrong: Value = wrong.json().await.unwrap();
    assert_eq!(wrong["code"], "ERR_METHOD_NOT_ALLOWED");

    let cold = TestApp::start_cold().await;
    let seen = post(&cold, "/compare", body.clone()).await;
    error(&seen, 503, "ERR_NOT_READY");
    assert_eq!(seen.headers["retry-after"], "5");

    let full = TestApp::start_with(|config| config.max_waiting_looks = 0).await;
    full.hold();
    let request = full.client.post(full.url("/compare")).json(&body);
    let waiting = tokio::spawn(request.header("x-api-key", &full.token).send());
    full.until_looking().await;
    let seen = post(&full, "/compare", body).await;
    error(&seen, 429, "ERR_TOO_MANY_REQUESTS");
    assert_eq!(seen.headers["retry-after"], "5");
    full.release();
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_collection_is_none() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    put(&app, 1, "budi").await;
    let other = app.token_for("other").await;
    let name = json!({ "name": "staff" });
    let delete = json!({ "person_id": "budi", "collection_name": "staff" });
    for (method, path, body) in [
        (Method::POST, "/face-search", &search(1)),
        (Method::PUT, "/person", &person_form(2, "siti")),
        (Method::DELETE, "/person", &delete),
        (Method::DELETE, "/collection", &name),
    ] {
        let request = app.client.request(method, app.url(path)).json(body);
        let seen = app.see(request.header("x-api-key", &other)).await;
        error(&seen, 404, "ERR_NOT_FOUND");
    }
    let found = post(&app, "/face-search", search(1)).await;
    assert_eq!(found.body[0]["person_id"], "budi", "nothing happened to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_enrolled_with_another_pack_are_refused_until_they_are_made_anew() {
    let app = TestApp::start().await;
    collection(&app, "staff").await;
    put(&app, 1, "budi").await;
    let app = app.restart_with("newer").await;
    let refused = post(&app, "/face-search", search(1)).await;
    error(&refused, 409, "ERR_OTHER_MODEL");
}
