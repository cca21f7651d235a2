//! What applicants consented to: the newest statement counts.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::session::evidence::{Consent, ConsentKind, name_key};
use crate::session::ids::{ExaminationId, ProjectId, SessionId};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::data_keys::{DataKey, Place, open_column};
use crate::store::database::settle;
use crate::store::entity::consents::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::vault::{Indexed, Vault};
use crate::store::{sessions, withdrawals};

impl Store {
    /// Keeps a statement; an erased session takes none, as it would name somebody again.
    ///
    /// Whoever takes their consent to be examined back is examined no more: what waits for it or is under way ends
    /// here, and is told.
    pub async fn record_consent(
        &self,
        consent: &Consent,
    ) -> Result<Vec<ExaminationId>, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if let Some(session) = consent.session {
                let living = SessionStatus::ALL.into_iter();
                let living = living.filter(|status| *status != SessionStatus::Erased);
                sessions::touch(&transaction, session, living, consent.at).await?;
            }
            insert(&transaction, &self.vault, consent).await?;
            if consent.given || consent.kind != ConsentKind::Authorization {
                return Ok(Vec::new());
            }
            withdrawals::stop(&transaction, &self.vault, consent).await
        }
        .await;
        settle(transaction, done).await
    }

    /// The statement that counts: the session's newest, else the newest one made under that name
    /// outside of any session. What somebody said in another session counts there alone, as two
    /// people may bear one name.
    pub async fn latest_consent(
        &self,
        project: ProjectId,
        session: Option<SessionId>,
        subject_name: Option<&str>,
        kind: ConsentKind,
    ) -> Result<Option<Consent>, StoreError> {
        if let Some(session) = session {
            let of_session = Column::SessionId.eq(session.0.to_string());
            let of_session = Condition::all().add(of_session);
            let said = self.newest(project, kind, of_session).await?;
            if said.is_some() {
                return Ok(said);
            }
        }
        match subject_name {
            Some(name) => {
                let index = self.vault.index(Indexed::Name, project, &name_key(name))?;
                let mut named = Condition::any().add(Column::NameIndex.eq(index));
                if !self.vault.is_sealed_only() {
                    // Those of before are kept as they came; no name that may be kept holds a zero.
                    let mut spellings = vec![name.trim().to_owned(), name_key(name)];
                    spellings.retain(|spelling| !spelling.contains('\0'));
                    named = named.add(Column::SubjectName.is_in(spellings));
                }
                let of_name = Condition::all().add(named).add(Column::SessionId.is_null());
                self.newest(project, kind, of_name).await
            }
            None => Ok(None),
        }
    }

    async fn newest(
        &self,
        project: ProjectId,
        kind: ConsentKind,
        whose: Condition,
    ) -> Result<Option<Consent>, StoreError> {
        let model = Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Kind.eq(kind.name()))
            .filter(whose)
            .order_by_desc(Column::At)
            .order_by_desc(Column::Id)
            .one(&self.database)
            .await?;
        let Some(model) = model else { return Ok(None) };
        let key = match &model.session_id {
            Some(session) => self.vault.key(&self.database, session).await?,
            None => None,
        };
        read(model, key.as_ref()).map(Some)
    }
}

/// What is said in a session is kept with the name, sealed; what is said under a name alone is kept with what the name is
/// found by, and the name itself is not.
async fn insert(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    consent: &Consent,
) -> Result<(), StoreError> {
    let named = !consent.subject_name.is_empty();
    let (name, index) = match consent.session {
        Some(session) if named => {
            let key = vault.session_key(transaction, session).await?;
            let key = key.ok_or(StoreError::Erased)?;
            let row = session.0.to_string();
            (key.seal_text(place_of(&row), &consent.subject_name)?, None)
        }
        Some(_) => (String::new(), None),
        None => {
            let key = name_key(&consent.subject_name);
            let index = vault.index(Indexed::Name, consent.project, &key)?;
            (String::new(), Some(index))
        }
    };
    Entity::insert(ActiveModel {
        id: NotSet,
        project_id: Set(consent.project.0.to_string()),
        session_id: Set(consent.session.map(|session| session.0.to_string())),
        subject_name: Set(name),
        kind: Set(consent.kind.name().to_owned()),
        given: Set(consent.given),
        at: Set(consent.at.0),
        name_index: Set(index),
        text_version: Set(consent.text_version.map(i64::from)),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

/// A name is bound to the session in which it was said.
pub(super) fn place_of(session: &str) -> Place<'_> {
    Place {
        table: "consents",
        column: "subject_name",
        row: session,
    }
}

fn read(model: Model, key: Option<&DataKey>) -> Result<Consent, StoreError> {
    let id = model.id.to_string();
    let row = Row {
        table: "consents",
        id: &id,
    };
    let session = model
        .session_id
        .as_deref()
        .map(|text| row.uuid("session_id", text))
        .transpose()?;
    let kind = [ConsentKind::Authorization, ConsentKind::Storage]
        .into_iter()
        .find(|kind| kind.name() == model.kind);
    let place = place_of(model.session_id.as_deref().unwrap_or_default());
    let name = open_column(key, place, Some(model.subject_name))?;
    Ok(Consent {
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        session: session.map(SessionId),
        kind: row.known("kind", kind)?,
        at: Timestamp(model.at),
        given: model.given,
        subject_name: name.unwrap_or_default(),
        text_version: model.text_version.and_then(|it| u32::try_from(it).ok()),
    })
}
