//! The cloud API: people.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use crate::http::dialects::opencv_fr::cloud_fields::{
    CloudBody, ListQuery, MAX_NOTES, bad_query, collection, missing, unprocessable,
};
use crate::http::dialects::opencv_fr::cloud_forms::{
    PeopleActionForm, PersonChangeForm, PersonForm,
};
use crate::http::dialects::opencv_fr::cloud_wire::{
    IdBody, PersonBody, PersonListBody, ScoredPersonBody,
};
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::{Failures, FieldFailures};
use crate::http::dialects::opencv_fr::routes::{Answer, admit_key};
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::browse::PeopleOrder;
use crate::operations::change_person::PersonChange;
use crate::operations::enrol::EnrolRequest;
use crate::operations::identify::Candidate;
use crate::operations::manage_galleries::{GalleryRef, MAX_NAME};
use crate::operations::picture_fault::FacePolicy;
use crate::session::gallery::{PictureKeeping, Subject};
use crate::session::project::Scope;
use crate::store::enrolment::WhenTaken;

/// Thumbnails of one person.
const THUMBNAILS: usize = 3;

/// Enrols a person.
#[utoipa::path(post, path = "/person", tag = "OpenCV FR (cloud)", operation_id = "opencv_create_person", security(("api_key" = [])), request_body = PersonForm,
    responses((status = 201, body = PersonBody), Failures, FieldFailures))]
pub async fn create_person(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    // The answer shows the person.
    caller.require(Scope::Read)?;
    let body = CloudBody::read(&request, payload).await?;
    body.flag("is_bulk_insert")?;
    let images = body.pictures("images", &settings)?;
    let mut galleries = vec![GalleryRef::Register];
    galleries.extend(collections(&body)?.unwrap_or_default());
    let enrolment = EnrolRequest {
        galleries,
        label: identifier(&body)?,
        name: body.text("name", MAX_NAME)?.unwrap_or_default().to_owned(),
        details: Some(Value::Object(given_details(&body)?)),
        keeping: PictureKeeping::Picture,
        when_taken: WhenTaken::Refuse,
        session: None,
    };
    let policy = FacePolicy::ONE_FACE;
    let enrolled = operations.enrol(&caller, enrolment, images, policy).await?;
    let person = shown(&operations, &caller, enrolled.subject).await?;
    Ok(HttpResponse::Created().json(person))
}

/// Changes a person.
#[utoipa::path(patch, path = "/person", tag = "OpenCV FR (cloud)", operation_id = "opencv_change_person", security(("api_key" = [])), request_body = PersonChangeForm,
    responses((status = 200, body = PersonBody), Failures, FieldFailures))]
pub async fn change_person(
    request: HttpRequest,
    operations: Data<Operations>,
    settings: Data<HttpSettings>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    caller.require(Scope::Read)?;
    let body = CloudBody::read(&request, payload).await?;
    let id = body.required("id")?;
    let name = body.text("name", MAX_NAME)?;
    let change = PersonChange {
        // Null clears a name.
        name: body
            .has("name")
            .then(|| name.unwrap_or_default().to_owned()),
        details: given_details(&body)?,
        pictures: if body.has("images") {
            Some(body.pictures("images", &settings)?)
        } else {
            None
        },
        galleries: collections(&body)?,
    };
    let register = GalleryRef::Register;
    let changed = operations
        .change_person(&caller, &register, id, change)
        .await?;
    Ok(HttpResponse::Ok().json(shown(&operations, &caller, changed).await?))
}

/// Everybody, in the order that is asked for.
#[utoipa::path(get, path = "/persons", tag = "OpenCV FR (cloud)", operation_id = "opencv_persons", security(("api_key" = [])),
    params(("skip" = Option<u64>, Query), ("take" = Option<u64>, Query, description = "20 without it, 1000 at most"), ("order" = Option<String>, Query, description = "`ASC` or `DESC`"), ("search" = Option<String>, Query, description = "Part of a name or identifier"),
        ("order_by" = Option<String>, Query, description = "`name`, `date_of_birth`, `gender`, `nationality`, `create_date` or `modified_date`")),
    responses((status = 200, body = PersonListBody), Failures, FieldFailures))]
pub async fn list_people(request: HttpRequest, operations: Data<Operations>) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let query = ListQuery::read(&request)?;
    let order = order(query.order_by.as_deref())?;
    let listed = operations
        .browse_people(&caller, &GalleryRef::Register, &order, &query.page()?)
        .await?;
    let mut persons = Vec::with_capacity(listed.entries.len());
    for subject in listed.entries {
        persons.push(shown(&operations, &caller, subject).await?);
    }
    Ok(HttpResponse::Ok().json(PersonListBody {
        count: listed.count,
        persons,
    }))
}

/// One person.
#[utoipa::path(get, path = "/person/{id}", tag = "OpenCV FR (cloud)", operation_id = "opencv_person", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = PersonBody), Failures))]
pub async fn read_person(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    caller.require(Scope::Read)?;
    let register = GalleryRef::Register;
    let subject = operations.find_person(&caller, &register, &id).await?;
    Ok(HttpResponse::Ok().json(shown(&operations, &caller, subject).await?))
}

/// Deletes a person, out of every collection.
#[utoipa::path(delete, path = "/person/{id}", tag = "OpenCV FR (cloud)", operation_id = "opencv_delete_person", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = IdBody), Failures))]
pub async fn delete_person(
    request: HttpRequest,
    operations: Data<Operations>,
    id: Path<String>,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let id = id.into_inner();
    operations
        .delete_people(&caller, &GalleryRef::Register, &[&id])
        .await?;
    Ok(HttpResponse::Ok().json(IdBody { id }))
}

/// Deletes several people, or none of them where one is unknown.
#[utoipa::path(patch, path = "/persons", tag = "OpenCV FR (cloud)", operation_id = "opencv_change_people", security(("api_key" = [])), request_body = PeopleActionForm,
    responses((status = 200, body = [IdBody]), Failures, FieldFailures))]
pub async fn change_people(
    request: HttpRequest,
    operations: Data<Operations>,
    payload: Payload,
) -> Answer {
    let caller = admit_key(&request, &operations).await?;
    let body = CloudBody::read(&request, payload).await?;
    body.one_of("action", &["DELETE"])?
        .ok_or_else(|| missing("action"))?;
    let ids = body.texts("person_ids")?.unwrap_or_default();
    if ids.is_empty() {
        return Err(missing("person_ids"));
    }
    operations
        .delete_people(&caller, &GalleryRef::Register, &ids)
        .await?;
    let gone = ids.into_iter().map(|id| IdBody { id: id.to_owned() });
    Ok(HttpResponse::Ok().json(gone.collect::<Vec<_>>()))
}

/// A person as the cloud API shows one.
async fn shown(
    operations: &Operations,
    caller: &Caller,
    subject: Subject,
) -> Result<PersonBody, OpencvError> {
    let portrait = operations.portray(caller, subject, THUMBNAILS).await?;
    Ok(portrait.into())
}

/// The same with how alike.
pub async fn scored(
    operations: &Operations,
    caller: &Caller,
    subject: Subject,
    percentage: f64,
) -> Result<ScoredPersonBody, OpencvError> {
    Ok(ScoredPersonBody {
        person: shown(operations, caller, subject).await?,
        score: percentage / 100.0,
    })
}

/// Everybody whom a search found.
pub async fn scored_all(
    operations: &Operations,
    caller: &Caller,
    candidates: Vec<Candidate>,
) -> Result<Vec<ScoredPersonBody>, OpencvError> {
    let mut persons = Vec::with_capacity(candidates.len());
    for one in candidates {
        persons.push(scored(operations, caller, one.subject, one.percentage).await?);
    }
    Ok(persons)
}

fn identifier(body: &CloudBody) -> Result<Option<String>, OpencvError> {
    match body.text("id", MAX_NAME)? {
        Some("") => Err(unprocessable("id", "value_error", "at least 1 character")),
        id => Ok(id.map(str::to_owned)),
    }
}

fn collections(body: &CloudBody) -> Result<Option<Vec<GalleryRef>>, OpencvError> {
    let Some(ids) = body.texts("collections")? else {
        return Ok(None);
    };
    let mut galleries = Vec::with_capacity(ids.len());
    for id in ids {
        let gallery = collection(id)?;
        if !galleries.contains(&gallery) {
            galleries.push(gallery);
        }
    }
    Ok(Some(galleries))
}

/// What a body says of a person beside the name; null where it says null.
fn given_details(body: &CloudBody) -> Result<Map<String, Value>, OpencvError> {
    let date = body.text("date_of_birth", MAX_NAME)?;
    let is_date = |text: &str| text.parse::<jiff::civil::Date>().is_ok();
    if date.is_some_and(|date| !is_date(date)) {
        let message = "a date, as in 1990-12-31";
        return Err(unprocessable("date_of_birth", "value_error.date", message));
    }
    let mut details = Map::new();
    for (key, value) in [
        ("gender", body.one_of("gender", &["M", "F"])?),
        ("date_of_birth", date),
        ("nationality", body.text("nationality", MAX_NAME)?),
        ("notes", body.text("notes", MAX_NOTES)?),
    ] {
        if body.has(key) {
            let value = value.map_or(Value::Null, |text| Value::String(text.to_owned()));
            details.insert(key.to_owned(), value);
        }
    }
    Ok(details)
}

fn order(order_by: Option<&str>) -> Result<PeopleOrder, OpencvError> {
    match order_by {
        None | Some("name") => Ok(PeopleOrder::Name),
        Some("create_date") => Ok(PeopleOrder::Created),
        Some("modified_date") => Ok(PeopleOrder::Updated),
        Some("date_of_birth") => Ok(PeopleOrder::Detail("date_of_birth")),
        Some("gender") => Ok(PeopleOrder::Detail("gender")),
        Some("nationality") => Ok(PeopleOrder::Detail("nationality")),
        Some(_) => Err(bad_query("order_by", "unknown order")),
    }
}
