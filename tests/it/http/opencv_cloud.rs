//! `OpenCV FR`'s cloud API as its published client uses it: every endpoint, every error, field by field.

use likeness::session::project::{ConsentPolicy, Scope};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::opencv_onprem::{call, error};
use crate::contract::Seen;
use crate::faces::{Shown, base64, percentage, person};
use crate::helpers::{TestApp, keys};

const PERSON: [&str; 10] = [
    "id",
    "name",
    "gender",
    "date_of_birth",
    "nationality",
    "notes",
    "create_date",
    "modified_date",
    "collections",
    "thumbnails",
];

async fn post(app: &TestApp, path: &str, body: Value) -> Seen {
    call(app, Method::POST, path, &body).await
}

async fn patch(app: &TestApp, path: &str, body: Value) -> Seen {
    call(app, Method::PATCH, path, &body).await
}

async fn get(app: &TestApp, path: &str) -> Seen {
    let request = app.client.get(app.url(path));
    app.see(request.header("x-api-key", &app.token)).await
}

async fn delete(app: &TestApp, path: &str) -> Seen {
    let request = app.client.delete(app.url(path));
    app.see(request.header("x-api-key", &app.token)).await
}

/// What the published client sends to make a person.
fn person_form(number: u8, id: &str, collections: &[&str]) -> Value {
    json!({
        "images": [person(number)], "id": id, "gender": "F", "date_of_birth": "1990-12-31",
        "nationality": "ID", "name": format!("Name of {id}"), "collections": collections,
        "notes": null, "is_bulk_insert": false,
    })
}

async fn enrol(app: &TestApp, number: u8, id: &str, collections: &[&str]) -> Value {
    let seen = post(app, "/person", person_form(number, id, collections)).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    seen.body
}

async fn collection(app: &TestApp, name: &str) -> String {
    let body = json!({ "name": name, "description": null });
    let seen = post(app, "/collection", body).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    seen.body["id"].as_str().unwrap().to_owned()
}

/// The one detail of a 422: where and which kind.
fn detail(seen: &Seen) -> (String, String) {
    assert_eq!(
        seen.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        seen.body
    );
    assert_eq!(keys(&seen.body), ["detail"]);
    let detail = &seen.body["detail"][0];
    assert_eq!(keys(detail), ["loc", "msg", "type"]);
    let loc = detail["loc"].as_array().unwrap().iter();
    let loc: Vec<_> = loc.map(|part| part.as_str().unwrap()).collect();
    (loc.join("."), detail["type"].as_str().unwrap().to_owned())
}

/// The 422 names the field and the kind.
async fn names(app: &TestApp, path: &str, body: Value, place: &str, kind: &str) {
    let seen = detail(&post(app, path, body).await);
    assert_eq!(seen, (format!("body.{place}"), kind.to_owned()), "{path}");
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["id"].as_str().unwrap()).collect()
}

fn score(value: &Value, one: u8, other: u8) {
    let score = value.as_f64().unwrap();
    assert!(
        (score * 100.0 - percentage(one, other)).abs() < 1e-4,
        "{score}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_of_sets_answers_the_best_score() {
    let app = TestApp::start().await;
    let body = json!({ "gallery": [person(3), person(20)], "probe": [person(9), person(4)], "search_mode": "FAST" });
    let seen = post(&app, "/compare", body).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(keys(&seen.body), ["score"]);
    score(&seen.body["score"], 3, 4);
    let bare = json!({ "gallery": [person(3)] });
    assert_eq!(
        detail(&post(&app, "/compare", bare).await),
        ("body.probe".to_owned(), "value_error.missing".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_comparison_answers_both_scores_and_refuses_what_is_not_live() {
    let app = TestApp::start().await;
    let body = |liveness, least: f64| {
        let probe = Shown {
            liveness,
            ..Shown::person(3)
        };
        json!({
            "gallery": [person(4)], "probe": base64(&probe.png()),
            "liveness_min_score": least, "os": "DESKTOP", "search_mode": "FAST",
        })
    };
    let seen = post(&app, "/compare-live-face", body(80, 0.5)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["score", "liveness_score"]);
    score(&seen.body["score"], 3, 4);
    assert_eq!(seen.body["liveness_score"], 0.8);
    for (liveness, least) in [(80, 0.9), (49, 0.5), (49, 0.0)] {
        let seen = post(&app, "/compare-live-face", body(liveness, least)).await;
        error(&seen, 409, "FACE_NOT_LIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn liveness_is_a_score_or_the_reason_why_there_is_none() {
    let app = TestApp::start().await;
    let ask = async |shown: Shown| {
        let body = json!({ "os": "IOS", "image": base64(&shown.png()) });
        post(&app, "/liveness", body).await
    };
    let good = Shown::person(1);
    let seen = ask(Shown {
        liveness: 12,
        ..good
    })
    .await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.body, json!({ "liveness_score": 0.12 }));
    error(&ask(Shown::nobody()).await, 409, "FACE_NOT_FOUND");
    error(
        &ask(Shown { faces: 3, ..good }).await,
        409,
        "TOO_MANY_FACES",
    );
    error(
        &ask(Shown { side: 40, ..good }).await,
        409,
        "FACE_TOO_SMALL",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_liveness_pack_there_is_no_score() {
    let app = TestApp::start_without_observations().await;
    enrol(&app, 1, "budi", &[]).await;
    for (path, body) in [
        ("/liveness", json!({ "os": "DESKTOP", "image": person(1) })),
        (
            "/compare-live-face",
            json!({ "gallery": [person(1)], "probe": person(1) }),
        ),
        ("/search-live-face", json!({ "image": person(1) })),
    ] {
        let seen = post(&app, path, body).await;
        error(&seen, 501, "LICENSE_ERROR");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_made_changed_listed_and_deleted() {
    let app = TestApp::start().await;
    let made = post(
        &app,
        "/collection",
        json!({ "name": "Staff of Jakarta", "description": "all" }),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36, "{id}");
    let golden = json!({
        "id": id, "name": "Staff of Jakarta", "description": "all", "count": 0,
        "create_date": "2023-11-14T22:13:20.000Z", "modified_date": "2023-11-14T22:13:20.000Z",
    });
    assert_eq!(made.body, golden);
    assert_eq!(get(&app, &format!("/collection/{id}")).await.body, golden);
    let twice = json!({ "name": "Staff of Jakarta", "description": null });
    error(
        &post(&app, "/collection", twice).await,
        409,
        "ERR_ALREADY_EXISTS",
    );

    app.clock.advance(1_000);
    // The client sends the dates back.
    let body = json!({ "id": id, "name": "Staff", "description": null, "create_date": "x", "modified_date": "y" });
    let changed = patch(&app, "/collection", body).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.body["name"], "Staff");
    assert_eq!(changed.body["description"], Value::Null);
    assert_eq!(changed.body["modified_date"], "2023-11-14T22:13:21.000Z");

    for name in ["Visitors", "Alumni"] {
        collection(&app, name).await;
    }
    let names = async |query: &str| {
        let seen = get(&app, &format!("/collections{query}")).await;
        assert_eq!(keys(&seen.body), ["count", "collections"]);
        let list = seen.body["collections"].as_array().unwrap().clone();
        let names = list
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned());
        (
            seen.body["count"].as_u64().unwrap(),
            names.collect::<Vec<_>>().join(" "),
        )
    };
    let listed = |count, names: &str| (count, names.to_owned());
    assert_eq!(names("").await, listed(3, "Alumni Staff Visitors"));
    assert_eq!(
        names("?skip=0&take=2&order=DESC").await,
        listed(3, "Visitors Staff")
    );
    assert_eq!(
        names("?skip=1&take=20&order=ASC").await,
        listed(3, "Staff Visitors")
    );
    assert_eq!(names("?search=ST").await, listed(1, "Staff"));
    for query in ["?order=UP", "?take=x", "?skip=-1"] {
        let seen = get(&app, &format!("/collections{query}")).await;
        assert!(detail(&seen).0.starts_with("query."), "{query}");
    }

    let gone = delete(&app, &format!("/collection/{id}")).await;
    assert_eq!(gone.body, json!({ "id": id }));
    for unknown in [id.as_str(), "none", "gal_x"] {
        let path = format!("/collection/{unknown}");
        error(&get(&app, &path).await, 404, "ERR_NOT_FOUND");
        error(&delete(&app, &path).await, 404, "ERR_NOT_FOUND");
        let body = json!({ "id": unknown, "name": "a" });
        error(
            &patch(&app, "/collection", body).await,
            404,
            "ERR_NOT_FOUND",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_answered_with_every_key() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    let made = enrol(&app, 1, "budi", &[&staff, &staff]).await;
    assert_eq!(keys(&made), PERSON);
    assert_eq!(made["id"], "budi");
    assert_eq!(made["name"], "Name of budi");
    assert_eq!(made["gender"], "F");
    assert_eq!(made["date_of_birth"], "1990-12-31");
    assert_eq!(made["nationality"], "ID");
    assert_eq!(made["notes"], Value::Null);
    assert_eq!(made["create_date"], "2023-11-14T22:13:20.000Z");
    assert_eq!(ids(&made["collections"]), [staff.as_str()]);
    assert_eq!(made["collections"][0]["count"], 1);
    let thumbnail = made["thumbnails"][0]["thumbnail"].as_str().unwrap();
    assert_eq!(thumbnail, base64(&Shown::person(1).png_of(32, 32)));
    assert_eq!(get(&app, "/person/budi").await.body, made);

    let bare = post(
        &app,
        "/person",
        json!({ "images": [person(9), person(9), person(9)] }),
    )
    .await;
    assert_eq!(bare.status, StatusCode::CREATED);
    assert_eq!(keys(&bare.body), PERSON);
    assert!(bare.body["id"].as_str().unwrap().len() > 30);
    for key in ["name", "gender", "date_of_birth", "nationality", "notes"] {
        assert_eq!(bare.body[key], Value::Null, "{key}");
    }
    assert_eq!(bare.body["collections"], json!([]));
    assert_eq!(bare.body["thumbnails"].as_array().unwrap().len(), 3);

    let twice = post(&app, "/person", person_form(2, "budi", &[])).await;
    error(&twice, 409, "ERR_ALREADY_EXISTS");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_may_hold_a_slash_and_none_is_nobody() {
    let app = TestApp::start().await;
    enrol(&app, 1, "jakarta/7 b", &[]).await;
    // The client puts the identifier into the path as it is.
    for (path, status, key) in [
        ("/person/jakarta/7 b", 200, "name"),
        ("/person/", 404, "code"),
        ("/collection/", 404, "code"),
    ] {
        let request = app.client.get(app.url(path));
        let answer = request
            .header("x-api-key", &app.token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert!(body[key].is_string(), "{path}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_pictures_want_the_consent_of_whoever_they_are_of_by_every_name() {
    let app = TestApp::start().await;
    enrol(&app, 1, "budi", &[]).await;
    let named = patch(
        &app,
        "/person",
        json!({ "id": "budi", "name": "Budi Santoso" }),
    )
    .await;
    assert_eq!(named.status, StatusCode::OK);
    let state = async |name: &str, given: bool| {
        for path in ["/api-consent/consent", "/api-consent/strg-consent"] {
            let statement = json!({ "is_consent_given": given, "user_fullname": name });
            let stated = app.post(path).json(&statement).send().await.unwrap();
            assert_eq!(stated.status(), StatusCode::OK);
        }
    };
    let pictures = json!({ "id": "budi", "images": [person(20)] });
    let renamed = json!({ "id": "budi", "name": "Somebody Else", "images": [person(20)] });
    state("Budi Santoso", false).await;
    for body in [&pictures, &renamed] {
        let seen = patch(&app, "/person", body.clone()).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.body);
    }
    state("Budi Santoso", true).await;
    state("Somebody Else", false).await;
    let seen = patch(&app, "/person", renamed).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.body);
    assert_eq!(
        get(&app, "/person/budi").await.body["name"],
        "Budi Santoso",
        "nothing changed"
    );
    // The name's word is enough where one is required, without any under the identifier.
    app.set_project(|settings| settings.consent = ConsentPolicy::Required)
        .await;
    let seen = patch(&app, "/person", pictures).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_changed_key_by_key() {
    let app = TestApp::start().await;
    let (staff, guests) = (
        collection(&app, "staff").await,
        collection(&app, "guests").await,
    );
    enrol(&app, 1, "budi", &[&staff]).await;
    app.clock.advance(1_000);
    let changed = patch(
        &app,
        "/person",
        json!({ "id": "budi", "name": "B", "notes": "n" }),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(keys(&changed.body), PERSON);
    assert_eq!(changed.body["name"], "B");
    assert_eq!(changed.body["notes"], "n");
    assert_eq!(changed.body["gender"], "F", "stays");
    assert_eq!(changed.body["modified_date"], "2023-11-14T22:13:21.000Z");
    let body = json!({ "id": "budi", "gender": null, "name": null, "collections": [guests] });
    let changed = patch(&app, "/person", body).await.body;
    assert_eq!(
        (&changed["gender"], &changed["name"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(ids(&changed["collections"]), [guests.as_str()]);
    assert_eq!(changed["notes"], "n", "stays");

    let body = json!({ "id": "budi", "images": [person(20)] });
    let changed = patch(&app, "/person", body).await.body;
    assert_eq!(changed["thumbnails"].as_array().unwrap().len(), 1);
    let search = |number: u8| json!({ "images": [person(number)], "collection_id": guests });
    assert_eq!(post(&app, "/search", search(1)).await.body, json!([]));
    assert_eq!(ids(&post(&app, "/search", search(20)).await.body), ["budi"]);
    error(
        &patch(&app, "/person", json!({ "id": "nobody", "name": "x" })).await,
        404,
        "ERR_NOT_FOUND",
    );
    let body = json!({ "id": "budi", "name": "lost", "collections": ["none"] });
    error(&patch(&app, "/person", body).await, 404, "ERR_NOT_FOUND");
    assert_eq!(
        get(&app, "/person/budi").await.body["name"],
        Value::Null,
        "nothing changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_in_order_and_in_part() {
    let app = TestApp::start().await;
    for (number, id, born) in [
        (1, "c", "1970-01-01"),
        (9, "a", "1990-01-01"),
        (18, "b", "1980-01-01"),
    ] {
        let mut form = person_form(number, id, &[]);
        form["date_of_birth"] = json!(born);
        app.clock.advance(10);
        assert_eq!(
            post(&app, "/person", form).await.status,
            StatusCode::CREATED
        );
    }
    let list = async |query: &str| {
        let seen = get(&app, &format!("/persons?{query}")).await;
        assert_eq!(keys(&seen.body), ["count", "persons"]);
        let found = ids(&seen.body["persons"]).join("");
        (seen.body["count"].as_u64().unwrap(), found)
    };
    let listed = |count, ids: &str| (count, ids.to_owned());
    assert_eq!(list("").await, listed(3, "abc"));
    assert_eq!(
        list("order_by=create_date&order=DESC&take=2").await,
        listed(3, "ba")
    );
    assert_eq!(list("order_by=date_of_birth&skip=1").await, listed(3, "ba"));
    assert_eq!(list("order_by=modified_date").await, listed(3, "cab"));
    assert_eq!(list("order_by=gender").await.0, 3);
    assert_eq!(list("order_by=nationality").await.0, 3);
    assert_eq!(list("search=OF%20b").await, listed(1, "b"));
    assert_eq!(list("search=nobody").await, listed(0, ""));
    assert_eq!(
        detail(&get(&app, "/persons?order_by=shoe").await).0,
        "query.order_by"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_deleted_one_by_one_and_together() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    for (number, id) in [(1, "a"), (9, "b"), (18, "c")] {
        enrol(&app, number, id, &[&staff]).await;
    }
    assert_eq!(delete(&app, "/person/a").await.body, json!({ "id": "a" }));
    error(&delete(&app, "/person/a").await, 404, "ERR_NOT_FOUND");
    error(&get(&app, "/person/a").await, 404, "ERR_NOT_FOUND");
    let some = json!({ "action": "DELETE", "person_ids": ["b", "a"] });
    error(&patch(&app, "/persons", some).await, 404, "ERR_NOT_FOUND");
    assert_eq!(
        get(&app, "/person/b").await.status,
        StatusCode::OK,
        "nobody was deleted"
    );
    let both = json!({ "action": "DELETE", "person_ids": ["b", "c"] });
    let seen = patch(&app, "/persons", both).await;
    assert_eq!(seen.body, json!([{ "id": "b" }, { "id": "c" }]));
    assert_eq!(
        get(&app, &format!("/collection/{staff}")).await.body["count"],
        0
    );
    assert_eq!(app.files("blobs"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_takes_people_in_and_lets_them_go() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    enrol(&app, 1, "a", &[]).await;
    enrol(&app, 9, "b", &[&staff]).await;
    let body =
        json!({ "collection_id": staff, "new_person_ids": ["a"], "removed_person_ids": ["b"] });
    let seen = patch(&app, "/collection/persons", body.clone()).await;
    assert_eq!((seen.status, &seen.body), (StatusCode::OK, &body));
    assert_eq!(
        patch(&app, "/collection/persons", body.clone()).await.body,
        body,
        "again"
    );
    assert_eq!(
        ids(&get(&app, "/person/a").await.body["collections"]),
        [staff.as_str()]
    );
    assert_eq!(get(&app, "/person/b").await.body["collections"], json!([]));
    let unknown = json!({ "collection_id": staff, "new_person_ids": ["b", "x"] });
    error(
        &patch(&app, "/collection/persons", unknown).await,
        404,
        "ERR_NOT_FOUND",
    );
    assert_eq!(get(&app, "/person/b").await.body["collections"], json!([]));
    let none = json!({ "collection_id": "none", "new_person_ids": ["b"] });
    error(
        &patch(&app, "/collection/persons", none).await,
        404,
        "ERR_NOT_FOUND",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_of_the_other_api_is_not_taken_over() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    let put = json!({
        "person_id": "a", "person_name": "On-prem", "collection_name": "staff",
        "face_base_64": person(9), "face_storage_type": "NoStorage",
    });
    assert_eq!(
        call(&app, Method::PUT, "/person", &put).await.status,
        StatusCode::OK
    );
    error(
        &post(&app, "/person", person_form(1, "a", &[&staff])).await,
        409,
        "ERR_ALREADY_EXISTS",
    );
    enrol(&app, 1, "a", &[]).await;
    let join = json!({ "collection_id": staff, "new_person_ids": ["a"] });
    error(
        &patch(&app, "/collection/persons", join).await,
        409,
        "ERR_ALREADY_EXISTS",
    );
    let join = json!({ "id": "a", "collections": [staff] });
    error(
        &patch(&app, "/person", join).await,
        409,
        "ERR_ALREADY_EXISTS",
    );

    // Whoever was enrolled without a picture is shown with a blank one.
    let body = json!({ "images": [person(9)], "collection_id": staff });
    let found = post(&app, "/search", body).await;
    assert_eq!(found.body[0]["name"], "On-prem");
    assert_eq!(found.body[0]["thumbnails"].as_array().unwrap().len(), 1);
    let blank = found.body[0]["thumbnails"][0]["thumbnail"]
        .as_str()
        .unwrap();
    assert!(blank.starts_with("iVBOR"), "a PNG");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_people_with_their_scores() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    enrol(&app, 1, "a", &[&staff]).await;
    enrol(&app, 3, "b", &[]).await;
    for path in ["/search", "/search/crops"] {
        let body = json!({ "images": [person(2), person(1)], "min_score": 0.7, "collection_id": null, "search_mode": "FAST" });
        let seen = post(&app, path, body).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert_eq!(ids(&seen.body), ["a", "b"]);
        let mut expected = PERSON.to_vec();
        expected.push("score");
        assert_eq!(keys(&seen.body[0]), expected);
        score(&seen.body[0]["score"], 1, 1);
        score(&seen.body[1]["score"], 2, 3);
        let within = json!({ "images": [person(2)], "collection_id": staff });
        assert_eq!(ids(&post(&app, path, within).await.body), ["a"]);
        let strict = json!({ "images": [person(2)], "min_score": 0.99 });
        assert_eq!(post(&app, path, strict).await.body, json!([]));
        let lax = json!({ "images": [person(8)], "min_score": 0.1 });
        assert_eq!(
            post(&app, path, lax).await.body,
            json!([]),
            "the floor is 70"
        );
        let unknown = json!({ "images": [person(2)], "collection_id": "none" });
        error(&post(&app, path, unknown).await, 404, "ERR_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_search_finds_people_or_says_that_nobody_is_there() {
    let app = TestApp::start().await;
    enrol(&app, 1, "a", &[]).await;
    enrol(&app, 2, "b", &[]).await;
    let body = |number, count| {
        json!({
            "collection_id": null, "image": person(number), "min_score": 0.7,
            "max_results": count, "os": "DESKTOP", "search_mode": "ACCURATE",
        })
    };
    let seen = post(&app, "/search-live-face", body(1, 10)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(keys(&seen.body), ["persons", "liveness_score"]);
    assert_eq!(ids(&seen.body["persons"]), ["a", "b"]);
    assert_eq!(seen.body["liveness_score"], 0.9);
    let one = post(&app, "/search-live-face", body(1, 1)).await;
    assert_eq!(ids(&one.body["persons"]), ["a"]);
    error(
        &post(&app, "/search-live-face", body(15, 10)).await,
        404,
        "ERR_NOT_FOUND",
    );
    let dead = Shown {
        liveness: 10,
        ..Shown::person(1)
    };
    let dead = json!({ "image": base64(&dead.png()) });
    error(
        &post(&app, "/search-live-face", dead).await,
        409,
        "FACE_NOT_LIVE",
    );
    assert_eq!(
        detail(&post(&app, "/search-live-face", body(1, 101)).await).0,
        "body.max_results"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_answers_the_person_or_nobody() {
    let app = TestApp::start().await;
    enrol(&app, 1, "a", &[]).await;
    let body = |id: &str, number, least: f64| json!({ "id": id, "images": [person(number)], "min_score": least, "verification_mode": "ACCURATE" });
    let seen = post(&app, "/verify", body("a", 2, 0.7)).await;
    assert_eq!(keys(&seen.body), ["match"]);
    assert_eq!(seen.body["match"]["id"], "a");
    score(&seen.body["match"]["score"], 1, 2);
    for (number, least) in [(2, 0.99), (6, 0.1)] {
        let seen = post(&app, "/verify", body("a", number, least)).await;
        assert_eq!(seen.body, json!({ "match": null }));
    }
    error(
        &post(&app, "/verify", body("x", 2, 0.7)).await,
        404,
        "ERR_NOT_FOUND",
    );
    let mode = json!({ "id": "a", "images": [person(1)], "verification_mode": "BOTH" });
    assert_eq!(
        detail(&post(&app, "/verify", mode).await).0,
        "body.verification_mode"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn detection_answers_every_face_and_who_it_may_be() {
    let app = TestApp::start().await;
    enrol(&app, 1, "a", &[]).await;
    enrol(&app, 12, "b", &[]).await;
    let image = base64(
        &Shown {
            second: 12,
            ..Shown::person(1)
        }
        .png(),
    );
    let seen = post(&app, "/detect", json!({ "image": image })).await;
    assert_eq!(seen.status, StatusCode::OK);
    let faces = seen.body.as_array().unwrap();
    assert_eq!(faces.len(), 2);
    assert_eq!(
        keys(&faces[0]),
        [
            "box",
            "landmarks",
            "thumbnail",
            "detection_score",
            "persons"
        ]
    );
    assert_eq!(
        faces[0]["box"],
        json!({ "left": 100, "top": 60, "right": 280, "bottom": 240 })
    );
    assert_eq!(
        faces[0]["landmarks"],
        json!({
            "left_eye": [154, 132], "right_eye": [226, 132], "nose": [190, 168],
            "left_mouth": [163, 204], "right_mouth": [217, 204],
        })
    );
    assert_eq!(
        faces[0]["thumbnail"],
        base64(&Shown::person(1).png_of(32, 32))
    );
    assert!((faces[0]["detection_score"].as_f64().unwrap() - 0.99).abs() < 1e-6);
    assert_eq!(faces[0]["persons"], json!([]), "nobody was searched for");

    let body = json!({ "image": image, "search": { "collection_id": null, "min_score": 0.7, "search_mode": "FAST" } });
    let seen = post(&app, "/detect", body).await;
    assert_eq!(ids(&seen.body[0]["persons"]), ["a"]);
    assert_eq!(ids(&seen.body[1]["persons"]), ["b"]);
    score(&seen.body[1]["persons"][0]["score"], 1, 1);
    let nobody = json!({ "image": base64(&Shown::nobody().png()) });
    assert_eq!(post(&app, "/detect", nobody).await.body, json!([]));
    let unknown = json!({ "image": image, "search": { "collection_id": "none" } });
    error(&post(&app, "/detect", unknown).await, 404, "ERR_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_picture_has_a_code_and_a_message() {
    let app = TestApp::start().await;
    let bodies = |image: &str| {
        [
            (
                "/compare",
                json!({ "gallery": [image], "probe": [person(1)] }),
            ),
            (
                "/compare-live-face",
                json!({ "gallery": [image], "probe": person(1) }),
            ),
            ("/person", json!({ "images": [image] })),
            ("/search", json!({ "images": [image] })),
        ]
    };
    for bad in [
        "no base64!".to_owned(),
        String::new(),
        base64(b"%PDF-1.7 not a picture"),
        base64(&vec![0; 6_000_000]),
    ] {
        for (path, body) in bodies(&bad) {
            let seen = post(&app, path, body).await;
            error(&seen, 415, "ERR_BASE64_IMAGE_CANNOT_BE_DECODED");
        }
        let seen = post(&app, "/detect", json!({ "image": bad })).await;
        error(&seen, 415, "ERR_BASE64_IMAGE_CANNOT_BE_DECODED");
    }
    let good = Shown::person(1);
    for bad in [
        Shown::nobody(),
        Shown { faces: 3, ..good },
        Shown { side: 40, ..good },
    ] {
        for (path, body) in bodies(&base64(&bad.png())) {
            let seen = post(&app, path, body).await;
            assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.body);
            assert_eq!(seen.body["code"], "ERR_FACE_NOT_DETECTED");
        }
    }
    assert_eq!(app.files("blobs"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_field_is_a_422_that_names_it() {
    let app = TestApp::start().await;
    let image = person(1);
    let long = "k".repeat(256);
    for (path, body, place, kind) in [
        ("/person", json!({}), "images", "value_error.missing"),
        (
            "/person",
            json!({ "images": null }),
            "images",
            "value_error.missing",
        ),
        ("/person", json!({ "images": [] }), "images", "value_error"),
        (
            "/person",
            json!({ "images": [image, image, image, image] }),
            "images",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": image }),
            "images",
            "type_error",
        ),
        (
            "/person",
            json!({ "images": [image], "id": 7 }),
            "id",
            "type_error",
        ),
        (
            "/person",
            json!({ "images": [image], "id": "" }),
            "id",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": [image], "id": long }),
            "id",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": [image], "name": long }),
            "name",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": [image], "notes": "n".repeat(2001) }),
            "notes",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": [image], "gender": "X" }),
            "gender",
            "value_error",
        ),
        (
            "/person",
            json!({ "images": [image], "date_of_birth": "31/12/1990" }),
            "date_of_birth",
            "value_error.date",
        ),
        (
            "/person",
            json!({ "images": [image], "collections": [1] }),
            "collections",
            "type_error",
        ),
    ] {
        names(&app, path, body, place, kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_field_of_any_other_call_is_one_too() {
    let app = TestApp::start().await;
    let image = person(1);
    let long = "k".repeat(256);
    for (path, body, place, kind) in [
        (
            "/collection",
            json!({ "description": "x" }),
            "name",
            "value_error.missing",
        ),
        (
            "/collection",
            json!({ "name": long, "description": "" }),
            "name",
            "value_error",
        ),
        (
            "/search",
            json!({ "images": [image], "min_score": 2 }),
            "min_score",
            "value_error",
        ),
        (
            "/search",
            json!({ "images": [image], "min_score": "0.7" }),
            "min_score",
            "type_error",
        ),
        (
            "/search",
            json!({ "images": [image], "search_mode": "SLOW" }),
            "search_mode",
            "value_error",
        ),
        (
            "/verify",
            json!({ "images": [image] }),
            "id",
            "value_error.missing",
        ),
        (
            "/detect",
            json!({ "image": image, "search": [] }),
            "search",
            "type_error",
        ),
        (
            "/liveness",
            json!({ "os": "DOS", "image": image }),
            "os",
            "value_error",
        ),
        (
            "/compare-live-face",
            json!({ "gallery": [image], "probe": [image] }),
            "probe",
            "type_error",
        ),
    ] {
        names(&app, path, body, place, kind).await;
    }
    for body in [
        json!({}),
        json!({ "action": "KEEP", "person_ids": ["a"] }),
        json!({ "action": "DELETE", "person_ids": [] }),
    ] {
        detail(&patch(&app, "/persons", body).await);
    }
    let broken = app.client.post(app.url("/search")).body("{");
    let seen = app.see(broken.header("x-api-key", &app.token)).await;
    assert_eq!(detail(&seen).0, "body");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_collections_and_people_are_none() {
    let app = TestApp::start().await;
    let staff = collection(&app, "staff").await;
    enrol(&app, 1, "a", &[&staff]).await;
    let other = app.token_for("other").await;
    let ask = async |method: Method, path: &str, body: Value| {
        let request = app.client.request(method, app.url(path)).json(&body);
        app.see(request.header("x-api-key", &other)).await
    };
    for (method, path, body) in [
        (Method::GET, format!("/collection/{staff}"), json!({})),
        (Method::DELETE, format!("/collection/{staff}"), json!({})),
        (
            Method::PATCH,
            "/collection".to_owned(),
            json!({ "id": staff }),
        ),
        (Method::GET, "/person/a".to_owned(), json!({})),
        (Method::DELETE, "/person/a".to_owned(), json!({})),
        (
            Method::POST,
            "/search".to_owned(),
            json!({ "images": [person(1)], "collection_id": staff }),
        ),
        (
            Method::POST,
            "/person".to_owned(),
            json!({ "images": [person(1)], "collections": [staff] }),
        ),
        (
            Method::POST,
            "/verify".to_owned(),
            json!({ "id": "a", "images": [person(1)] }),
        ),
    ] {
        error(&ask(method, &path, body).await, 404, "ERR_NOT_FOUND");
    }
    let list = ask(Method::GET, "/collections", json!({})).await;
    assert_eq!(list.body, json!({ "count": 0, "collections": [] }));
    let list = ask(Method::GET, "/persons", json!({})).await;
    assert_eq!(list.body, json!({ "count": 0, "persons": [] }));
    let found = ask(Method::POST, "/search", json!({ "images": [person(1)] })).await;
    assert_eq!(found.body, json!([]));
    assert_eq!(get(&app, "/person/a").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_shown_to_those_who_may_read_alone() {
    let app = TestApp::start().await;
    enrol(&app, 1, "a", &[]).await;
    let narrow = app
        .token_with("demo", vec![Scope::Submit, Scope::Enrol], None)
        .await;
    for (path, body) in [
        ("/search", json!({ "images": [person(20)] })),
        ("/detect", json!({ "image": person(20), "search": {} })),
        ("/person", json!({ "images": [person(20)] })),
    ] {
        let request = app.client.post(app.url(path)).json(&body);
        let seen = app.see(request.header("x-api-key", &narrow)).await;
        error(&seen, 403, "ERR_NOT_PERMITTED");
    }
    let bare = app.client.get(app.url("/persons"));
    error(&app.see(bare).await, 401, "ERR_API_KEY_NOT_PRESENT");
}
