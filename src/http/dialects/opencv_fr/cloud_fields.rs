//! Reads the fields of the cloud API's bodies and queries; each has its own place in a 422.

use actix_web::HttpRequest;
use actix_web::web::{Payload, Query};
use serde::Deserialize;

use crate::http::base64_picture;
use crate::http::dialects::opencv_fr::errors::OpencvError;
use crate::http::dialects::opencv_fr::failures::Detail;
use crate::http::dialects::opencv_fr::onprem_fields::{DEFAULT_SIMILARITY, raised};
use crate::http::json_body::{BodyError, JsonBody, WrongType};
use crate::http::settings::HttpSettings;
use crate::operations::authenticate::Caller;
use crate::operations::browse::Page;
use crate::operations::manage_galleries::{GalleryRef, MAX_NAME};

/// Pictures of one person in a call.
const MOST_PICTURES: usize = 3;

/// Longest description of a collection and longest notes on a person, in characters.
pub const MAX_NOTES: usize = 2_000;

/// Entries of a page that names no number.
const PAGE: u64 = 20;

/// A body of the cloud API.
pub struct CloudBody(JsonBody);

impl CloudBody {
    pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Self, OpencvError> {
        match JsonBody::read(request, payload).await {
            Ok(body) => Ok(Self(body)),
            Err(error @ BodyError::TooLarge { .. }) => Err(error.into()),
            Err(error @ (BodyError::Broken | BodyError::NotAnObject | BodyError::Unusable(_))) => {
                Err(OpencvError::Unprocessable(Detail {
                    loc: vec!["body".to_owned()],
                    msg: error.to_string(),
                    r#type: "value_error.jsondecode".to_owned(),
                }))
            }
        }
    }

    pub fn of(body: JsonBody) -> Self {
        Self(body)
    }

    /// Whether the field is there, also as null.
    pub fn has(&self, key: &str) -> bool {
        self.0.has(key)
    }

    pub fn text(&self, key: &str, most: usize) -> Result<Option<&str>, OpencvError> {
        let text = self.0.text(key).map_err(wrong_type)?;
        match text {
            Some(text) if text.chars().count() > most => Err(unprocessable(
                key,
                "value_error",
                format!("at most {most} characters"),
            )),
            text => Ok(text),
        }
    }

    pub fn required(&self, key: &str) -> Result<&str, OpencvError> {
        let text = self.text(key, MAX_NAME)?.ok_or_else(|| missing(key))?;
        if text.is_empty() {
            return Err(unprocessable(key, "value_error", "at least 1 character"));
        }
        Ok(text)
    }

    pub fn one_of(&self, key: &str, known: &[&str]) -> Result<Option<&str>, OpencvError> {
        match self.0.text(key).map_err(wrong_type)? {
            Some(text) if !known.contains(&text) => Err(unprocessable(
                key,
                "value_error",
                format!("one of {}", known.join(", ")),
            )),
            text => Ok(text),
        }
    }

    /// There is one embedder, so either mode is served by it.
    pub fn mode(&self, key: &str) -> Result<(), OpencvError> {
        self.one_of(key, &["FAST", "ACCURATE"]).map(drop)
    }

    /// The device a picture was taken with, which changes nothing.
    pub fn device(&self) -> Result<(), OpencvError> {
        let known = ["DESKTOP", "ANDROID", "IOS"];
        self.one_of("os", &known).map(drop)
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>, OpencvError> {
        self.0.flag(key).map_err(wrong_type)
    }

    pub fn object(&self, key: &str) -> Result<Option<Self>, OpencvError> {
        Ok(self.0.object(key).map_err(wrong_type)?.map(Self))
    }

    pub fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, OpencvError> {
        self.0.texts(key).map_err(wrong_type)
    }

    pub fn count(&self, key: &str, default: u64, most: u64) -> Result<usize, OpencvError> {
        let count = self.0.count(key).map_err(wrong_type)?.unwrap_or(default);
        if count > most {
            let msg = format!("at most {most}");
            return Err(unprocessable(key, "value_error", msg));
        }
        Ok(count as usize)
    }

    /// A number of 0–1.
    pub fn score(&self, key: &str, default: f64) -> Result<f64, OpencvError> {
        let score = self.0.number(key).map_err(wrong_type)?.unwrap_or(default);
        if (0.0..=1.0).contains(&score) {
            Ok(score)
        } else {
            Err(unprocessable(key, "value_error", "between 0 and 1"))
        }
    }

    /// `min_score` as a percentage: never below the project's floor.
    pub fn min_percentage(&self, caller: &Caller) -> Result<f64, OpencvError> {
        Ok(raised(self.score("min_score", DEFAULT_SIMILARITY)?, caller))
    }

    /// The collection that is searched: the project's register where none is named.
    pub fn searched(&self) -> Result<GalleryRef, OpencvError> {
        match self.text("collection_id", MAX_NAME)? {
            Some(id) => collection(id),
            None => Ok(GalleryRef::Register),
        }
    }

    pub fn picture(&self, key: &str, settings: &HttpSettings) -> Result<Vec<u8>, OpencvError> {
        let text = self.0.text(key).map_err(wrong_type)?;
        let text = text.ok_or_else(|| missing(key))?;
        Ok(base64_picture::decode(text, settings.max_picture_bytes)?)
    }

    /// One to three pictures.
    pub fn pictures(
        &self,
        key: &str,
        settings: &HttpSettings,
    ) -> Result<Vec<Vec<u8>>, OpencvError> {
        let texts = self.texts(key)?.ok_or_else(|| missing(key))?;
        if texts.is_empty() || texts.len() > MOST_PICTURES {
            let msg = format!("1 to {MOST_PICTURES} images");
            return Err(unprocessable(key, "value_error", msg));
        }
        let mut pictures = Vec::with_capacity(texts.len());
        for text in texts {
            pictures.push(base64_picture::decode(text, settings.max_picture_bytes)?);
        }
        Ok(pictures)
    }
}

/// The query of a list.
#[derive(Deserialize)]
pub struct ListQuery {
    skip: Option<u64>,
    take: Option<u64>,
    order: Option<String>,
    search: Option<String>,
    pub order_by: Option<String>,
}

impl ListQuery {
    pub fn read(request: &HttpRequest) -> Result<Self, OpencvError> {
        let read = Query::<Self>::from_query(request.query_string());
        let query = read.map_err(|error| bad_query("query", &error.to_string()))?;
        Ok(query.into_inner())
    }

    pub fn page(&self) -> Result<Page, OpencvError> {
        let descending = match self.order.as_deref() {
            None | Some("ASC") => false,
            Some("DESC") => true,
            Some(_) => return Err(bad_query("order", "ASC or DESC")),
        };
        Ok(Page {
            skip: self.skip.unwrap_or(0),
            take: self.take.unwrap_or(PAGE),
            descending,
            search: self.search.clone().filter(|text| !text.is_empty()),
        })
    }
}

/// A collection by its identifier; what is no identifier names no collection.
pub fn collection(id: &str) -> Result<GalleryRef, OpencvError> {
    let id = id.parse().map_err(|_| OpencvError::not_found())?;
    Ok(GalleryRef::Id(id))
}

pub fn missing(key: &str) -> OpencvError {
    unprocessable(key, "value_error.missing", "field required")
}

pub fn unprocessable(key: &str, kind: &str, msg: impl Into<String>) -> OpencvError {
    OpencvError::Unprocessable(Detail {
        loc: vec!["body".to_owned(), key.to_owned()],
        msg: msg.into(),
        r#type: kind.to_owned(),
    })
}

pub fn bad_query(key: &str, msg: &str) -> OpencvError {
    OpencvError::Unprocessable(Detail {
        loc: vec!["query".to_owned(), key.to_owned()],
        msg: msg.to_owned(),
        r#type: "value_error".to_owned(),
    })
}

fn wrong_type(error: WrongType) -> OpencvError {
    let msg = error.to_string();
    let WrongType { key, .. } = error;
    unprocessable(&key, "type_error", msg)
}
