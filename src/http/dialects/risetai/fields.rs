//! Reads a RisetAI call: who asks, its transaction identifier, and the fields of its body.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use serde_json::json;

use crate::http::base64_picture;
use crate::http::call_log::LoggedCall;
use crate::http::caller::{admit, header_token};
use crate::http::dialects::risetai::errors::RisetError;
use crate::http::dialects::risetai::status::{ImageField, Status};
use crate::http::json_body::JsonBody;
use crate::http::settings::HttpSettings;
use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::look::Wanted;
use crate::operations::manage_galleries::GalleryRef;
use crate::session::project::{Dialect, MaskPolicy};

/// The header that holds the token.
pub const TOKEN_HEADER: &str = "Accesstoken";

/// Longest identifier and longest name, in characters.
const MAX_CHARACTERS: usize = 120;

/// A call that was let in, with its body. It may hold pictures and names, so it has no `Debug`.
pub struct Call {
    pub caller: Caller,
    body: JsonBody,
    max_picture_bytes: usize,
}

impl Call {
    /// A call of an endpoint that takes a body.
    pub async fn open(
        request: &HttpRequest,
        operations: &Operations,
        payload: Payload,
    ) -> Result<Self, RisetError> {
        let token = header_token(request, TOKEN_HEADER);
        let caller = admit(request, operations, Dialect::Risetai, token).await?;
        let body = JsonBody::read(request, payload).await?;
        Self::read(request, caller, body)
    }

    /// A call of an endpoint that takes none: what is sent all the same need not be JSON.
    pub async fn open_without_body(
        request: &HttpRequest,
        operations: &Operations,
        payload: Payload,
    ) -> Result<Self, RisetError> {
        let token = header_token(request, TOKEN_HEADER);
        let caller = admit(request, operations, Dialect::Risetai, token).await?;
        let body = match JsonBody::read(request, payload).await {
            Ok(body) => body,
            Err(error) => JsonBody::of(&json!({})).ok_or(error)?,
        };
        Self::read(request, caller, body)
    }

    fn read(request: &HttpRequest, caller: Caller, body: JsonBody) -> Result<Self, RisetError> {
        let settings = request.app_data::<Data<HttpSettings>>();
        let call = Self {
            caller,
            body,
            max_picture_bytes: settings.map_or(0, |settings| settings.max_picture_bytes),
        };
        if let Some(reference) = call.text("trx_id")? {
            LoggedCall::refer(request, reference);
        }
        Ok(call)
    }

    pub fn user_id(&self) -> Result<String, RisetError> {
        self.required("user_id", Status::UserIdNull)
    }

    pub fn user_name(&self) -> Result<String, RisetError> {
        self.required("user_name", Status::UserNameNull)
    }

    pub fn gallery_name(&self) -> Result<String, RisetError> {
        self.required("facegallery_id", Status::GalleryNull)
    }

    pub fn gallery(&self) -> Result<GalleryRef, RisetError> {
        Ok(GalleryRef::Named(self.gallery_name()?))
    }

    pub fn picture(&self, field: ImageField) -> Result<Vec<u8>, RisetError> {
        let text = self.body.text(field.key())?;
        let text = text
            .filter(|text| !text.is_empty())
            .ok_or_else(|| RisetError::new(field.null()))?;
        base64_picture::decode(text, self.max_picture_bytes)
            .map_err(|problem| RisetError::about_base64(problem, field))
    }

    /// Whether a face is to be enrolled in spite of its being too small.
    pub fn force_register(&self) -> Result<bool, RisetError> {
        Ok(self.body.flag("force_register")?.unwrap_or(false))
    }

    /// The similarity that the call asks for, as a percentage.
    pub fn minimum_percentage(&self) -> Result<Option<f64>, RisetError> {
        match self.body.number("minimum_similarity")? {
            Some(least) if !(0.0..=1.0).contains(&least) => Err(RisetError::because(
                Status::Malformed,
                "`minimum_similarity` lies between 0 and 1",
            )),
            given => Ok(given.map(|least| least * 100.0)),
        }
    }

    /// A template, and whether a mask is worn where the project has that examined.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            mask: self.caller.project.settings.masks == MaskPolicy::Required,
            ..Wanted::TEMPLATE
        }
    }

    /// The percentage from which on two faces are one person's.
    pub fn threshold(&self) -> f64 {
        self.caller.project.settings.thresholds.risetai
    }

    /// A text that must be there; an empty one names nothing.
    fn required(&self, key: &str, null: Status) -> Result<String, RisetError> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.map(ToOwned::to_owned)
            .ok_or_else(|| RisetError::new(null))
    }

    fn text(&self, key: &str) -> Result<Option<&str>, RisetError> {
        let text = self.body.text(key)?;
        if text.is_some_and(|text| text.chars().count() > MAX_CHARACTERS) {
            return Err(RisetError::because(
                Status::Malformed,
                format!("`{key}` has more than {MAX_CHARACTERS} characters"),
            ));
        }
        Ok(text)
    }
}
