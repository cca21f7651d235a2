//! The vault: every subject's key as the database holds it, wrapped by a master key, and the service's own few.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter,
};
use sha2::Sha256;

use crate::session::ids::{ProjectId, SessionId, SubjectId};
use crate::store::data_keys::DataKey;
use crate::store::database::{begin_alone, settle};
use crate::store::entity::{sessions, subject_keys, subjects, vault_keys};
use crate::store::error::StoreError;
use crate::store::master_keys::{MasterKeys, Wrapped};
use crate::store::options::MasterKeySource;

/// Keys named in one statement.
const AT_ONCE: usize = 500;

/// The service's own keys by their names in the database. They outlive every master key.
const BLIND_INDEX: &str = "blind index";
const RECEIPTS: &str = "receipts";
const OWNERLESS: &str = "ownerless";
/// Its presence says that everything that is kept is sealed.
pub(super) const SEALED_ONLY: &str = "sealed only";

/// The keys, opened once at the start; those of subjects are opened when they are needed and never held.
#[derive(Clone)]
pub(super) struct Vault(Arc<Opened>);

struct Opened {
    masters: MasterKeys,
    blind_index: DataKey,
    receipts: DataKey,
    ownerless: DataKey,
    sealed_only: bool,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({:?})", self.0.masters)
    }
}

/// What is looked for without being kept in the clear.
#[derive(Clone, Copy)]
pub(super) enum Indexed {
    Reference,
    Name,
    /// What a caller calls a person within a gallery.
    Label,
}

impl Vault {
    /// Opens the vault of a database, and makes it where there is none; refused with any other master key than its own.
    pub(super) async fn open(
        database: &DatabaseConnection,
        source: &MasterKeySource,
    ) -> Result<Self, StoreError> {
        let transaction = begin_alone(database).await?;
        let done = open_in(&transaction, source).await;
        settle(transaction, done).await
    }

    pub(super) fn masters(&self) -> &MasterKeys {
        &self.0.masters
    }

    /// The key of what belongs to nobody.
    pub(super) fn ownerless(&self) -> &DataKey {
        &self.0.ownerless
    }

    /// What receipts are signed with.
    pub(super) fn receipts(&self) -> &DataKey {
        &self.0.receipts
    }

    /// Whether whatever is not sealed was put there by somebody else.
    pub(super) fn is_sealed_only(&self) -> bool {
        self.0.sealed_only
    }

    /// What is kept instead of a text that is to be found by its whole: the same for the same text of a project, and
    /// nothing without the key.
    pub(super) fn index(
        &self,
        what: Indexed,
        project: ProjectId,
        text: &str,
    ) -> Result<String, StoreError> {
        let what = match what {
            Indexed::Reference => "reference",
            Indexed::Name => "name",
            Indexed::Label => "label",
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.blind_index.bytes())
            .map_err(|_| StoreError::Unstorable { what: "an index" })?;
        mac.update(format!("{what}/{}/", project.0).as_bytes());
        mac.update(text.as_bytes());
        let hash = mac.finalize().into_bytes();
        Ok(hash
            .iter()
            .take(16)
            .fold(String::from("\u{1}index:"), |hex, byte| {
                format!("{hex}{byte:02x}")
            }))
    }

    /// What a label may lie as: its index, and the label itself from before.
    pub(super) fn spellings(
        &self,
        project: ProjectId,
        label: &str,
    ) -> Result<[String; 2], StoreError> {
        Ok([
            self.index(Indexed::Label, project, label)?,
            label.to_owned(),
        ])
    }

    /// Keeps a new subject's key.
    pub(super) async fn keep<C: ConnectionTrait>(
        &self,
        connection: &C,
        subject: &str,
        key: &DataKey,
    ) -> Result<(), StoreError> {
        subject_keys::Entity::insert(self.row(subject, key)?)
            .exec_without_returning(connection)
            .await?;
        Ok(())
    }

    /// The key of a subject; none where it was destroyed or never made.
    pub(super) async fn key<C: ConnectionTrait>(
        &self,
        connection: &C,
        subject: &str,
    ) -> Result<Option<DataKey>, StoreError> {
        subject_keys::Entity::find_by_id(subject.to_owned())
            .one(connection)
            .await?
            .map(|row| self.unwrap(&row))
            .transpose()
    }

    /// The keys of several subjects, those that there are.
    pub(super) async fn keys<C: ConnectionTrait>(
        &self,
        connection: &C,
        subjects: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, DataKey>, StoreError> {
        let mut subjects: Vec<String> = subjects.into_iter().collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut keys = HashMap::with_capacity(subjects.len());
        for some in subjects.chunks(AT_ONCE) {
            let rows = subject_keys::Entity::find()
                .filter(subject_keys::Column::Id.is_in(some.iter().map(String::as_str)))
                .all(connection)
                .await?;
            for row in rows {
                let key = self.unwrap(&row)?;
                keys.insert(row.id, key);
            }
        }
        Ok(keys)
    }

    /// The key of a session that is there, made where the session is from before keys were; none where it is erased.
    pub(super) async fn session_key<C: ConnectionTrait>(
        &self,
        connection: &C,
        session: SessionId,
    ) -> Result<Option<DataKey>, StoreError> {
        let id = session.0.to_string();
        if let Some(key) = self.key(connection, &id).await? {
            return Ok(Some(key));
        }
        let living = sessions::Entity::find_by_id(id.clone())
            .filter(sessions::Column::ErasedAt.is_null())
            .count(connection)
            .await?;
        if living == 0 {
            return Ok(None);
        }
        self.made(connection, &id).await
    }

    /// The key of an enrolled person, made where the person is from before keys were.
    pub(super) async fn person_key<C: ConnectionTrait>(
        &self,
        connection: &C,
        person: SubjectId,
    ) -> Result<Option<DataKey>, StoreError> {
        let id = person.0.to_string();
        if let Some(key) = self.key(connection, &id).await? {
            return Ok(Some(key));
        }
        let there = subjects::Entity::find_by_id(id.clone())
            .count(connection)
            .await?;
        if there == 0 {
            return Ok(None);
        }
        self.made(connection, &id).await
    }

    /// Destroys the keys of subjects, and gives the names of those that there were.
    pub(super) async fn destroy<C: ConnectionTrait>(
        &self,
        connection: &C,
        subjects: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let mut destroyed = Vec::new();
        for some in subjects.chunks(AT_ONCE) {
            let some = subject_keys::Column::Id.is_in(some.iter().map(String::as_str));
            let rows = subject_keys::Entity::find()
                .filter(some.clone())
                .all(connection)
                .await?;
            destroyed.extend(rows.into_iter().map(|row| row.key_id));
            subject_keys::Entity::delete_many()
                .filter(some)
                .exec(connection)
                .await?;
        }
        Ok(destroyed)
    }

    pub(super) fn unwrap(&self, row: &subject_keys::Model) -> Result<DataKey, StoreError> {
        let masters = &self.0.masters;
        Ok(masters.unwrap(&row.id, &row.master, &row.wrapped)?)
    }

    async fn made<C: ConnectionTrait>(
        &self,
        connection: &C,
        subject: &str,
    ) -> Result<Option<DataKey>, StoreError> {
        subject_keys::Entity::insert(self.row(subject, &DataKey::random())?)
            .on_conflict(
                OnConflict::column(subject_keys::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(connection)
            .await?;
        // Somebody else's, where they were faster.
        self.key(connection, subject).await
    }

    fn row(&self, subject: &str, key: &DataKey) -> Result<subject_keys::ActiveModel, StoreError> {
        let wrapped = self.0.masters.wrap(subject, key)?;
        Ok(subject_keys::ActiveModel {
            id: Set(subject.to_owned()),
            key_id: Set(key.id()),
            master: Set(wrapped.master),
            wrapped: Set(wrapped.bytes),
        })
    }
}

async fn open_in(
    transaction: &DatabaseTransaction,
    source: &MasterKeySource,
) -> Result<Vault, StoreError> {
    let rows = vault_keys::Entity::find().all(transaction).await?;
    let wanted = rows.first().map(|row| row.master.as_str());
    let masters = MasterKeys::load(source, wanted)?;
    let mut kept = HashMap::new();
    for row in rows {
        let key = masters.unwrap(&row.name, &row.master, &row.wrapped)?;
        kept.insert(row.name, key);
    }
    if kept.is_empty() {
        for name in [BLIND_INDEX, RECEIPTS, OWNERLESS] {
            let key = DataKey::random();
            keep_own(transaction, &masters, name, &key).await?;
            kept.insert(name.to_owned(), key);
        }
        if is_empty(transaction).await? {
            let key = DataKey::random();
            keep_own(transaction, &masters, SEALED_ONLY, &key).await?;
            kept.insert(SEALED_ONLY.to_owned(), key);
        }
    }
    let mut own = |name: &str| {
        kept.remove(name).ok_or(StoreError::Corrupt {
            table: "vault_keys",
            column: "name",
            row: name.to_owned(),
        })
    };
    Ok(Vault(Arc::new(Opened {
        blind_index: own(BLIND_INDEX)?,
        receipts: own(RECEIPTS)?,
        ownerless: own(OWNERLESS)?,
        sealed_only: own(SEALED_ONLY).is_ok(),
        masters,
    })))
}

/// Keeps one of the service's own keys.
pub(super) async fn keep_own(
    transaction: &DatabaseTransaction,
    masters: &MasterKeys,
    name: &str,
    key: &DataKey,
) -> Result<(), StoreError> {
    let Wrapped { master, bytes } = masters.wrap(name, key)?;
    vault_keys::Entity::insert(vault_keys::ActiveModel {
        name: Set(name.to_owned()),
        master: Set(master),
        wrapped: Set(bytes),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

/// Whether nobody was ever kept here.
async fn is_empty(transaction: &DatabaseTransaction) -> Result<bool, StoreError> {
    let sessions = sessions::Entity::find().count(transaction).await?;
    let people = subjects::Entity::find().count(transaction).await?;
    Ok(sessions + people == 0)
}
