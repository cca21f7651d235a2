//! The texts that applicants were asked to agree to: every version is kept, as consents name one.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::session::ids::ProjectId;
use crate::session::project::ProjectSettings;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::consent_texts::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;
use crate::store::testimony::sha256;

/// A version of a project's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentText {
    pub version: u32,
    pub text: String,
    pub sha256: String,
    /// From when on it was shown.
    pub at: Timestamp,
}

impl Store {
    /// A version of a project's text; none that it never had.
    pub async fn consent_text(
        &self,
        project: ProjectId,
        version: u32,
    ) -> Result<Option<ConsentText>, StoreError> {
        let found = Entity::find_by_id((project.0.to_string(), i64::from(version)))
            .one(&self.database)
            .await?;
        Ok(found.map(|found| ConsentText {
            version,
            text: found.text,
            sha256: found.sha256,
            at: Timestamp(found.at),
        }))
    }
}

/// Keeps the text of a project's settings under its version; what is kept already stays as it is.
pub(super) async fn keep<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    settings: &ProjectSettings,
    now: Timestamp,
) -> Result<(), StoreError> {
    if settings.consent_version == 0 {
        return Ok(());
    }
    Entity::insert(ActiveModel {
        project_id: Set(project.0.to_string()),
        version: Set(i64::from(settings.consent_version)),
        text: Set(settings.consent_text.clone()),
        sha256: Set(sha256(settings.consent_text.as_bytes())),
        at: Set(now.0),
    })
    .on_conflict(
        OnConflict::columns([Column::ProjectId, Column::Version])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}
