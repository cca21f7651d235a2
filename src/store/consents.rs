//! What applicants consented to: the newest statement counts.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::session::evidence::{Consent, ConsentKind, name_key};
use crate::session::ids::{ProjectId, SessionId};
use crate::session::status::SessionStatus;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::database::settle;
use crate::store::entity::consents::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::sessions;

impl Store {
    /// Keeps a statement; an erased session takes none, as it would name somebody again.
    pub async fn record_consent(&self, consent: &Consent) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            if let Some(session) = consent.session {
                let living = SessionStatus::ALL.into_iter();
                let living = living.filter(|status| *status != SessionStatus::Erased);
                sessions::touch(&transaction, session, living, consent.at).await?;
            }
            insert(&transaction, consent).await
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
            let said = self.newest(project, kind, of_session.into()).await?;
            if said.is_some() {
                return Ok(said);
            }
        }
        match subject_name {
            Some(name) => {
                // Statements made before names were brought to one spelling are kept as they came.
                let spellings = [name.trim().to_owned(), name_key(name)];
                let of_name = Condition::all()
                    .add(Column::SubjectName.is_in(spellings))
                    .add(Column::SessionId.is_null());
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
        Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(Column::Kind.eq(kind.name()))
            .filter(whose)
            .order_by_desc(Column::At)
            .order_by_desc(Column::Id)
            .one(&self.database)
            .await?
            .map(read)
            .transpose()
    }
}

async fn insert(transaction: &DatabaseTransaction, consent: &Consent) -> Result<(), StoreError> {
    Entity::insert(ActiveModel {
        id: NotSet,
        project_id: Set(consent.project.0.to_string()),
        session_id: Set(consent.session.map(|session| session.0.to_string())),
        subject_name: Set(consent.subject_name.clone()),
        kind: Set(consent.kind.name().to_owned()),
        given: Set(consent.given),
        at: Set(consent.at.0),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

fn read(model: Model) -> Result<Consent, StoreError> {
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
    Ok(Consent {
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        session: session.map(SessionId),
        kind: row.known("kind", kind)?,
        at: Timestamp(model.at),
        given: model.given,
        subject_name: model.subject_name,
    })
}
