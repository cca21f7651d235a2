//! Seals what was kept before anything was sealed: rows, templates, keys of notes, files.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::session::evidence::name_key;
use crate::session::ids::{ProjectId, SessionId, SubjectId};
use crate::store::Store;
use crate::store::data_keys::{DataKey, Place, is_plain};
use crate::store::database::settle;
use crate::store::entity::{
    consents, examinations, memberships, session_keys, sessions, subjects, templates, vault_keys,
};
use crate::store::error::StoreError;
use crate::store::examinations::report_place;
use crate::store::reading::Row;
use crate::store::vault::{Indexed, SEALED_ONLY, keep_own};
use crate::store::{consents as statements, sealing, sessions as visits, subjects as people};

/// Rows looked at in one go.
const AT_ONCE: u64 = 200;

/// How much was sealed that was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    pub sessions: u64,
    pub people: u64,
    pub consents: u64,
    pub files: u64,
}

impl Store {
    /// Seals everything that is not sealed, and has files that are not sealed refused from then on.
    pub async fn seal_plain(&self) -> Result<Sealed, StoreError> {
        let mut sealed = Sealed::default();
        self.seal_sessions(&mut sealed).await?;
        self.seal_people(&mut sealed).await?;
        self.seal_consents(&mut sealed).await?;
        self.refuse_plain_from_now_on().await?;
        self.empty_journal().await;
        Ok(sealed)
    }

    async fn seal_sessions(&self, sealed: &mut Sealed) -> Result<(), StoreError> {
        use sessions::{Column, Entity};
        let mut after = String::new();
        loop {
            let rows = Entity::find()
                .filter(Column::Id.gt(after.clone()))
                .filter(Column::ErasedAt.is_null())
                .order_by_asc(Column::Id)
                .limit(AT_ONCE)
                .all(&self.database)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for row in rows {
                let id = SessionId(
                    Row {
                        table: "sessions",
                        id: &row.id,
                    }
                    .uuid("id", &row.id)?,
                );
                sealed.sessions += u64::from(self.seal_session(id, &row).await?);
                for blob in self.session_blobs(id).await? {
                    sealed.files += u64::from(self.seal_blob(&blob).await?);
                }
            }
        }
    }

    async fn seal_session(&self, id: SessionId, row: &sessions::Model) -> Result<bool, StoreError> {
        use sessions::{Column, Entity};
        let project = project_of("sessions", &row.id, &row.project_id)?;
        let transaction = self.begin().await?;
        let done = async {
            let Some(key) = self.vault.session_key(&transaction, id).await? else {
                return Ok(false);
            };
            let mut change = Entity::update_many();
            let mut changed = false;
            for (column, name, text) in [
                (Column::Reference, "reference", &row.reference),
                (Column::Metadata, "metadata", &row.metadata),
                (Column::SubjectName, "subject_name", &row.subject_name),
                (Column::DeviceInfo, "device_info", &row.device_info),
            ] {
                let Some(text) = text.as_deref().filter(|text| is_plain(text)) else {
                    continue;
                };
                let place = visits::place_of(name, &row.id);
                change = change.col_expr(column, Expr::value(key.seal_text(place, text)?));
                let index = match name {
                    "reference" => {
                        Some((Column::ReferenceIndex, Indexed::Reference, text.to_owned()))
                    }
                    "subject_name" => Some((Column::NameIndex, Indexed::Name, name_key(text))),
                    _ => None,
                };
                if let Some((column, what, text)) = index {
                    let index = self.vault.index(what, project, &text)?;
                    change = change.col_expr(column, Expr::value(index));
                }
                changed = true;
            }
            if changed {
                change
                    .filter(Column::Id.eq(row.id.clone()))
                    .filter(Column::ErasedAt.is_null())
                    .exec(&transaction)
                    .await?;
            }
            Ok(self.seal_findings(&transaction, &row.id, &key).await? | changed)
        }
        .await;
        settle(transaction, done).await
    }

    /// The reports of a session's examinations, the names in its consents, and the key of its notes.
    async fn seal_findings(
        &self,
        transaction: &sea_orm::DatabaseTransaction,
        session: &str,
        key: &DataKey,
    ) -> Result<bool, StoreError> {
        let mut changed = false;
        let reports = examinations::Entity::find()
            .filter(examinations::Column::SessionId.eq(session))
            .all(transaction)
            .await?;
        for row in reports {
            let report = row.report_json.as_deref().filter(|text| is_plain(text));
            let Some(report) = report else { continue };
            let report = key.seal_text(report_place(&row.id), report)?;
            examinations::Entity::update_many()
                .col_expr(examinations::Column::ReportJson, Expr::value(report))
                .filter(examinations::Column::Id.eq(row.id.clone()))
                .exec(transaction)
                .await?;
            changed = true;
        }
        let said = consents::Entity::find()
            .filter(consents::Column::SessionId.eq(session))
            .all(transaction)
            .await?;
        for row in said {
            if row.subject_name.is_empty() || !is_plain(&row.subject_name) {
                continue;
            }
            let name = key.seal_text(statements::place_of(session), &row.subject_name)?;
            consents::Entity::update_many()
                .col_expr(consents::Column::SubjectName, Expr::value(name))
                .filter(consents::Column::Id.eq(row.id))
                .exec(transaction)
                .await?;
            changed = true;
        }
        let older = session_keys::Entity::find_by_id(session.to_owned())
            .one(transaction)
            .await?;
        if let Some(older) = older.filter(|older| sealing::is_plain(&older.key)) {
            let wrapped = sealing::seal_older(key, &older.key)?;
            session_keys::Entity::update_many()
                .col_expr(session_keys::Column::Key, Expr::value(wrapped))
                .filter(session_keys::Column::SessionId.eq(session))
                .exec(transaction)
                .await?;
            changed = true;
        }
        Ok(changed)
    }

    async fn seal_people(&self, sealed: &mut Sealed) -> Result<(), StoreError> {
        use subjects::{Column, Entity};
        let mut after = String::new();
        loop {
            let rows = Entity::find()
                .filter(Column::Id.gt(after.clone()))
                .order_by_asc(Column::Id)
                .limit(AT_ONCE)
                .all(&self.database)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for row in rows {
                sealed.people += u64::from(self.seal_person(&row).await?);
                sealed.files += self.seal_faces(&row).await?;
            }
        }
    }

    async fn seal_person(&self, row: &subjects::Model) -> Result<bool, StoreError> {
        use subjects::{Column, Entity};
        let project = project_of("subjects", &row.id, &row.project_id)?;
        let person = person_of(&row.id)?;
        let transaction = self.begin().await?;
        let done = async {
            let Some(key) = self.vault.person_key(&transaction, person).await? else {
                return Ok(false);
            };
            let mut change = Entity::update_many();
            let mut changed = false;
            for (column, name, text) in [
                (Column::Label, "label", Some(&row.label)),
                (Column::Name, "name", Some(&row.name)),
                (Column::Details, "details", row.details.as_ref()),
            ] {
                let Some(text) = text.filter(|text| is_plain(text)) else {
                    continue;
                };
                let place: Place<'_> = people::place_of(name, &row.id);
                change = change.col_expr(column, Expr::value(key.seal_text(place, text)?));
                changed = true;
            }
            if changed {
                let index = self.vault.index(Indexed::Name, project, &row.name)?;
                if is_plain(&row.name) {
                    change = change.col_expr(Column::NameIndex, Expr::value(index));
                }
                change
                    .filter(Column::Id.eq(row.id.clone()))
                    .exec(&transaction)
                    .await?;
            }
            if is_plain(&row.label) {
                let index = self.vault.index(Indexed::Label, project, &row.label)?;
                memberships::Entity::update_many()
                    .col_expr(memberships::Column::Label, Expr::value(index))
                    .filter(memberships::Column::SubjectId.eq(row.id.clone()))
                    .exec(&transaction)
                    .await?;
            }
            let faces = templates::Entity::find()
                .filter(templates::Column::SubjectId.eq(row.id.clone()))
                .all(&transaction)
                .await?;
            for face in faces {
                if !people::is_plain_vector(&face.vector) {
                    continue;
                }
                let vector = people::seal_vector(&key, &face.id, &face.pack, &face.vector)?;
                templates::Entity::update_many()
                    .col_expr(templates::Column::Vector, Expr::value(vector))
                    .filter(templates::Column::Id.eq(face.id.clone()))
                    .exec(&transaction)
                    .await?;
                changed = true;
            }
            Ok(changed)
        }
        .await;
        settle(transaction, done).await
    }

    async fn seal_faces(&self, row: &subjects::Model) -> Result<u64, StoreError> {
        let project = project_of("subjects", &row.id, &row.project_id)?;
        let mut files = 0;
        for face in people::kept_faces(&self.database, &[person_of(&row.id)?]).await? {
            for blob in people::kept_keys(project, face) {
                files += u64::from(self.seal_blob(&blob).await?);
            }
        }
        Ok(files)
    }

    /// Names under which something was said in no session are kept as what they are found by.
    async fn seal_consents(&self, sealed: &mut Sealed) -> Result<(), StoreError> {
        use consents::{Column, Entity};
        let rows = Entity::find()
            .filter(Column::SessionId.is_null())
            .filter(Condition::all().add(Column::SubjectName.ne("")))
            .all(&self.database)
            .await?;
        for row in rows {
            let project = project_of("consents", &row.id.to_string(), &row.project_id)?;
            let index = self
                .vault
                .index(Indexed::Name, project, &name_key(&row.subject_name))?;
            Entity::update_many()
                .col_expr(Column::SubjectName, Expr::value(""))
                .col_expr(Column::NameIndex, Expr::value(index))
                .filter(Column::Id.eq(row.id))
                .exec(&self.database)
                .await?;
            sealed.consents += 1;
        }
        Ok(())
    }

    async fn refuse_plain_from_now_on(&self) -> Result<(), StoreError> {
        if self.vault.is_sealed_only() {
            return Ok(());
        }
        let transaction = self.begin().await?;
        let done = async {
            let there = vault_keys::Entity::find_by_id(SEALED_ONLY.to_owned())
                .one(&transaction)
                .await?;
            if there.is_some() {
                return Ok(());
            }
            let key = DataKey::random();
            keep_own(&transaction, self.vault.masters(), SEALED_ONLY, &key).await
        }
        .await;
        settle(transaction, done).await
    }
}

fn project_of(table: &'static str, id: &str, project: &str) -> Result<ProjectId, StoreError> {
    let row = Row { table, id };
    Ok(ProjectId(row.uuid("project_id", project)?))
}

fn person_of(id: &str) -> Result<SubjectId, StoreError> {
    let row = Row {
        table: "subjects",
        id,
    };
    Ok(SubjectId(row.uuid("id", id)?))
}
