//! Enrolled people: who is in which gallery, under which label, with which faces.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use zeroize::Zeroizing;

use crate::session::audit::AuditEntry;
use crate::session::gallery::{EnrolledFace, PictureKeeping, Subject};
use crate::session::ids::{GalleryId, ProjectId, SessionId, SubjectId, TemplateId};
use crate::session::template::Template;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::blobs::{picture_key, thumbnail_key};
use crate::store::data_keys::{DataKey, Place, open_column};
use crate::store::database::{settle, take_galleries_turn};
use crate::store::doomed;
use crate::store::entity::subjects::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{galleries, memberships, templates};
use crate::store::erasure::Erasure;
use crate::store::error::StoreError;
use crate::store::galleries::bump;
use crate::store::held_people::any_held;
use crate::store::idempotency::{self, Made};
use crate::store::reading::{Row, to_json};
use crate::store::receipts::{Gone, Receipt, Went};
use crate::store::template_changes::log_changes;
use crate::store::usage::{Counted, count};
use crate::store::vault::{Indexed, Vault};

/// Identifiers named in one statement; databases bound how many they take.
pub(super) const CHUNK: usize = 500;

/// What a person may be looked for by, among a project's people.
#[derive(Clone, Copy, Debug)]
pub struct People {
    pub gallery: GalleryId,
    pub skip: u64,
    pub take: u64,
}

impl Store {
    /// The person of that label in a gallery.
    pub async fn subject_in(
        &self,
        gallery: GalleryId,
        label: &str,
    ) -> Result<Option<Subject>, StoreError> {
        let Some(project) = project_of(&self.database, gallery).await? else {
            return Ok(None);
        };
        let named = Named {
            project,
            gallery,
            label,
        };
        let Some(id) = member(&self.database, &self.vault, named).await? else {
            return Ok(None);
        };
        Ok(subjects(&self.database, &self.vault, &[id]).await?.pop())
    }

    /// Whose face of a project that is.
    pub async fn subject_of(
        &self,
        project: ProjectId,
        face: TemplateId,
    ) -> Result<Option<Subject>, StoreError> {
        let found = templates::Entity::find_by_id(face.0.to_string())
            .one(&self.database)
            .await?;
        let Some(face) = found else { return Ok(None) };
        let theirs = Entity::find_by_id(&face.subject_id)
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .count(&self.database)
            .await?;
        if theirs == 0 {
            return Ok(None);
        }
        let id = subject_id(&face.subject_id)?;
        Ok(self.subjects(&[id]).await?.pop())
    }

    /// People by their identifiers; who is gone is left out.
    pub async fn subjects(&self, ids: &[SubjectId]) -> Result<Vec<Subject>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(CHUNK) {
            found.extend(subjects(&self.database, &self.vault, some).await?);
        }
        Ok(found)
    }

    /// The people of a gallery by the time of their enrolment, oldest first.
    pub async fn people(&self, people: &People) -> Result<Vec<Subject>, StoreError> {
        let members = memberships::Entity::find()
            .filter(memberships::Column::GalleryId.eq(people.gallery.0.to_string()))
            .order_by_asc(memberships::Column::SubjectId)
            .offset(people.skip)
            .limit(people.take)
            .all(&self.database)
            .await?;
        let ids = members
            .iter()
            .map(|member| subject_id(&member.subject_id))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = self.subjects(&ids).await?;
        found.sort_by_key(|subject| subject.id);
        Ok(found)
    }

    /// A project's people of that name, whichever gallery they are in.
    pub async fn subjects_named(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Vec<Subject>, StoreError> {
        let index = self.vault.index(Indexed::Name, project, name)?;
        let mut named = Condition::any().add(Column::NameIndex.eq(index));
        if !self.vault.is_sealed_only() {
            named = named.add(Column::Name.eq(name));
        }
        let models = Entity::find()
            .filter(Column::ProjectId.eq(project.0.to_string()))
            .filter(named)
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await?;
        opened(&self.database, &self.vault, models).await
    }

    /// A project's people of that label in any gallery, and those who were enrolled from the sessions.
    pub async fn people_to_erase(
        &self,
        project: ProjectId,
        label: Option<&str>,
        sessions: &[SessionId],
    ) -> Result<Vec<SubjectId>, StoreError> {
        let mut found = BTreeSet::new();
        let of_project = || Column::ProjectId.eq(project.0.to_string());
        for some in sessions.chunks(CHUNK) {
            let ids = some.iter().map(|session| session.0.to_string());
            let people: Vec<String> = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(of_project())
                .filter(Column::SessionId.is_in(ids))
                .into_tuple()
                .all(&self.database)
                .await?;
            found.extend(people);
        }
        if let Some(label) = label {
            let spellings = self.vault.spellings(project, label)?;
            let people: Vec<String> = memberships::Entity::find()
                .select_only()
                .column(memberships::Column::SubjectId)
                .filter(memberships::Column::Label.is_in(spellings))
                .filter(
                    memberships::Column::SubjectId.in_subquery(
                        Entity::find()
                            .select_only()
                            .column(Column::Id)
                            .filter(of_project())
                            .into_query(),
                    ),
                )
                .into_tuple()
                .all(&self.database)
                .await?;
            found.extend(people);
        }
        found.iter().map(|id| subject_id(id)).collect()
    }

    /// The galleries that hold a person.
    pub async fn galleries_of(&self, subject: SubjectId) -> Result<Vec<GalleryId>, StoreError> {
        galleries_of(&self.database, subject).await
    }

    /// The faces of people, oldest first.
    pub async fn faces(&self, subjects: &[SubjectId]) -> Result<Vec<EnrolledFace>, StoreError> {
        let mut found = Vec::new();
        for some in subjects.chunks(CHUNK) {
            found.extend(faces(&self.database, &self.vault, some).await?);
        }
        Ok(found)
    }

    /// Gives a person another name and other details.
    pub async fn describe_subject(
        &self,
        id: SubjectId,
        name: &str,
        details: Option<&serde_json::Value>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            let row = Entity::find_by_id(id.0.to_string())
                .one(&transaction)
                .await?;
            let Some(row) = row else { return Ok(()) };
            let project = ProjectId(
                Row {
                    table: "subjects",
                    id: &row.id,
                }
                .uuid("project_id", &row.project_id)?,
            );
            let about = About {
                project,
                id,
                name,
                details,
            };
            describe(&transaction, &self.vault, about, now).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Puts a person into a further gallery, under the same label; being there already is as good.
    pub async fn join_gallery(
        &self,
        project: ProjectId,
        gallery: GalleryId,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            if galleries_of(&transaction, subject.id)
                .await?
                .contains(&gallery)
            {
                return Ok(());
            }
            let named = Named {
                project,
                gallery,
                label: &subject.label,
            };
            add_member(&transaction, &self.vault, named, subject.id).await?;
            note(&transaction, gallery, &[subject.id], now).await
        }
        .await;
        settle(transaction, done).await
    }

    /// Takes a person out of a gallery, and deletes whoever is in none any more. Tells whether
    /// the person was there; the entry is kept where the person is deleted.
    pub async fn leave_gallery(
        &self,
        project: ProjectId,
        leaving: Leaving,
        entry: impl FnOnce(&Receipt) -> AuditEntry + Send,
    ) -> Result<bool, StoreError> {
        let Leaving {
            gallery,
            subject,
            now,
        } = leaving;
        let place = Turn { project, now };
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            // Noted while the faces are still there to be named.
            note(&transaction, gallery, &[subject], now).await?;
            let gone = memberships::Entity::delete_many()
                .filter(memberships::Column::GalleryId.eq(gallery.0.to_string()))
                .filter(memberships::Column::SubjectId.eq(subject.0.to_string()))
                .exec(&transaction)
                .await?;
            let lost = forget_the_homeless(&transaction, &self.vault, place, &[subject]).await?;
            if !lost.is_empty() {
                let receipt = self.give_receipt(&transaction, project, &lost, now).await?;
                audit::append(&transaction, &entry(&receipt)).await?;
            }
            Ok(gone.rows_affected > 0)
        }
        .await;
        let left = settle(transaction, done).await?;
        self.sweep_blobs(now).await;
        self.empty_journal().await;
        Ok(left)
    }
}

/// Deletes a person, out of every gallery, unless the erasure passes over them. The galleries' turn must have been taken.
pub(super) async fn remove(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    erasure: &Erasure,
    person: SubjectId,
) -> Result<Gone, StoreError> {
    if let Some(since) = erasure.untouched_since
        && !may_expire(transaction, person, since).await?
    {
        return Ok(Gone::default());
    }
    for gallery in galleries_of(transaction, person).await? {
        note(transaction, gallery, &[person], erasure.now).await?;
    }
    memberships::Entity::delete_many()
        .filter(memberships::Column::SubjectId.eq(person.0.to_string()))
        .exec(transaction)
        .await?;
    let turn = Turn {
        project: erasure.project,
        now: erasure.now,
    };
    forget_the_homeless(transaction, vault, turn, &[person]).await
}

/// Whether nothing happened to a person since a moment and no hold keeps them, asked where nothing comes in between any more.
async fn may_expire(
    transaction: &DatabaseTransaction,
    person: SubjectId,
    untouched_since: Timestamp,
) -> Result<bool, StoreError> {
    let untouched = Entity::find_by_id(person.0.to_string())
        .select_only()
        .column(Column::Id)
        .filter(Column::UpdatedAt.lt(untouched_since.0))
        .lock_exclusive()
        .into_tuple::<String>()
        .one(transaction)
        .await?;
    Ok(untouched.is_some() && !any_held(transaction, &[person]).await?)
}

/// Who leaves which gallery.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    pub gallery: GalleryId,
    pub subject: SubjectId,
    pub now: Timestamp,
}

/// Whose people are changed, and when.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) project: ProjectId,
    pub(super) now: Timestamp,
}

/// Deletes those of the people who are in no gallery: their keys, their faces, what is kept of their
/// pictures, and what was answered to their enrolment. Tells who and how much that was. Refused where one of them comes
/// from a held session.
pub(super) async fn forget_the_homeless(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    turn: Turn,
    people: &[SubjectId],
) -> Result<Gone, StoreError> {
    let housed: BTreeSet<String> = memberships::Entity::find()
        .filter(memberships::Column::SubjectId.is_in(texts(people)))
        .all(transaction)
        .await?
        .into_iter()
        .map(|member| member.subject_id)
        .collect();
    let mut gone = Gone::default();
    let mut enrolled = Made::default();
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(turn.project.0.to_string()))
        .filter(Column::Id.is_in(texts(people)))
        .all(transaction)
        .await?;
    for row in rows {
        if housed.contains(&row.id) {
            continue;
        }
        let person = subject_id(&row.id)?;
        let lost = kept_faces(transaction, &[person]).await?;
        let mut went = Went {
            templates: lost.len() as u64,
            texts: 2 + u64::from(row.details.is_some()),
            ..Went::default()
        };
        for face in &lost {
            match face.keeping {
                PictureKeeping::Picture => {
                    went.pictures += 1;
                    went.thumbnails += 1;
                }
                PictureKeeping::Thumbnail => went.thumbnails += 1,
                PictureKeeping::Nothing => {}
            }
        }
        delete_faces(transaction, turn.project, &lost, turn.now).await?;
        enrolled.people.push(person);
        enrolled.faces.extend(lost.iter().map(|face| face.id));
        enrolled.sessions.extend(row.session_id);
        gone.people.push((person, went));
    }
    let homeless: Vec<SubjectId> = gone.people.iter().map(|(person, _)| *person).collect();
    if homeless.is_empty() {
        return Ok(gone);
    }
    if any_held(transaction, &homeless).await? {
        return Err(StoreError::Held);
    }
    idempotency::erase_enrolments(transaction, &enrolled).await?;
    gone.keys = vault.destroy(transaction, &texts(&homeless)).await?;
    Entity::delete_many()
        .filter(Column::Id.is_in(texts(&homeless)))
        .exec(transaction)
        .await?;
    Ok(gone)
}

/// Deletes faces and dooms their pictures.
pub(super) async fn delete_faces(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    lost: &[KeptFace],
    now: Timestamp,
) -> Result<(), StoreError> {
    for some in lost.chunks(CHUNK) {
        let ids: Vec<String> = some.iter().map(|face| face.id.0.to_string()).collect();
        templates::Entity::delete_many()
            .filter(templates::Column::Id.is_in(ids))
            .exec(transaction)
            .await?;
    }
    let keys: Vec<String> = lost
        .iter()
        .flat_map(|face| kept_keys(project, *face))
        .collect();
    doomed::doom(transaction, &keys, now).await?;
    if !lost.is_empty() {
        let fewer = -i64::try_from(lost.len()).unwrap_or(i64::MAX);
        count(transaction, project, Counted::Faces, fewer, None).await?;
    }
    Ok(())
}

/// Where the blobs of a face lie.
pub(super) fn kept_keys(project: ProjectId, face: KeptFace) -> Vec<String> {
    match face.keeping {
        PictureKeeping::Picture => vec![
            picture_key(project, face.id),
            thumbnail_key(project, face.id),
        ],
        PictureKeeping::Thumbnail => vec![thumbnail_key(project, face.id)],
        PictureKeeping::Nothing => Vec::new(),
    }
}

/// Notes for every search of the gallery that these people's faces came or went.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    gallery: GalleryId,
    people: &[SubjectId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(revision) = bump(transaction, gallery, now).await? else {
        return Err(StoreError::NotFound { what: "gallery" });
    };
    let ids: Vec<TemplateId> = kept_faces(transaction, people)
        .await?
        .iter()
        .map(|face| face.id)
        .collect();
    log_changes(transaction, gallery, revision, &ids).await
}

/// Keeps a new person with their key, under which what is known of them is sealed.
pub(super) async fn insert<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    project: ProjectId,
    subject: &Subject,
    session: Option<SessionId>,
) -> Result<(), StoreError> {
    let id = subject.id.0.to_string();
    let key = DataKey::random();
    let details = details_text(subject.details.as_ref())?;
    Entity::insert(ActiveModel {
        id: Set(id.clone()),
        project_id: Set(project.0.to_string()),
        label: Set(key.seal_text(place_of("label", &id), &subject.label)?),
        name: Set(key.seal_text(place_of("name", &id), &subject.name)?),
        details: Set(key.seal_some(place_of("details", &id), details.as_deref())?),
        created_at: Set(subject.created_at.0),
        updated_at: Set(subject.updated_at.0),
        name_index: Set(Some(vault.index(Indexed::Name, project, &subject.name)?)),
        session_id: Set(session.map(|session| session.0.to_string())),
    })
    .exec_without_returning(connection)
    .await?;
    vault.keep(connection, &id, &key).await
}

/// A label within a gallery.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) project: ProjectId,
    pub(super) gallery: GalleryId,
    pub(super) label: &'a str,
}

/// Puts a person into a gallery. The label is kept as what it is found by, not as it is.
pub(super) async fn add_member<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    named: Named<'_>,
    subject: SubjectId,
) -> Result<(), StoreError> {
    let taken = || StoreError::AlreadyExists {
        what: "a person of that identifier",
    };
    if member(connection, vault, named).await?.is_some() {
        return Err(taken());
    }
    memberships::Entity::insert(memberships::ActiveModel {
        gallery_id: Set(named.gallery.0.to_string()),
        subject_id: Set(subject.0.to_string()),
        label: Set(vault.index(Indexed::Label, named.project, named.label)?),
    })
    .exec_without_returning(connection)
    .await
    .map_err(|error| StoreError::from(error).naming("a person of that identifier"))?;
    Ok(())
}

/// What a person is to be called from now on.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) project: ProjectId,
    pub(super) id: SubjectId,
    pub(super) name: &'a str,
    pub(super) details: Option<&'a serde_json::Value>,
}

pub(super) async fn describe<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    about: About<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = vault.person_key(connection, about.id).await?;
    let Some(key) = key else { return Ok(()) };
    let id = about.id.0.to_string();
    let details = details_text(about.details)?;
    let name = key.seal_text(place_of("name", &id), about.name)?;
    let details = key.seal_some(place_of("details", &id), details.as_deref())?;
    let index = vault.index(Indexed::Name, about.project, about.name)?;
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .col_expr(Column::NameIndex, Expr::value(index))
        .col_expr(Column::Details, Expr::value(details))
        .col_expr(Column::UpdatedAt, Expr::value(now.0))
        .filter(Column::Id.eq(id))
        .exec(connection)
        .await?;
    Ok(())
}

pub(super) async fn member<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    named: Named<'_>,
) -> Result<Option<SubjectId>, StoreError> {
    let spellings = vault.spellings(named.project, named.label)?;
    memberships::Entity::find()
        .filter(memberships::Column::GalleryId.eq(named.gallery.0.to_string()))
        .filter(memberships::Column::Label.is_in(spellings))
        .one(connection)
        .await?
        .map(|member| subject_id(&member.subject_id))
        .transpose()
}

pub(super) async fn subjects<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    ids: &[SubjectId],
) -> Result<Vec<Subject>, StoreError> {
    let models = Entity::find()
        .filter(Column::Id.is_in(texts(ids)))
        .all(connection)
        .await?;
    opened(connection, vault, models).await
}

async fn opened<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    models: Vec<Model>,
) -> Result<Vec<Subject>, StoreError> {
    let ids = models.iter().map(|model| model.id.clone());
    let keys = vault.keys(connection, ids).await?;
    models
        .into_iter()
        .map(|model| {
            let key = keys.get(&model.id);
            read(model, key)
        })
        .collect()
}

/// The project of a gallery.
async fn project_of<C: ConnectionTrait>(
    connection: &C,
    gallery: GalleryId,
) -> Result<Option<ProjectId>, StoreError> {
    let id = gallery.0.to_string();
    let found = galleries::Entity::find_by_id(id.clone())
        .one(connection)
        .await?;
    let row = Row {
        table: "galleries",
        id: &id,
    };
    found
        .map(|found| Ok(ProjectId(row.uuid("project_id", &found.project_id)?)))
        .transpose()
}

pub(super) async fn galleries_of<C: ConnectionTrait>(
    connection: &C,
    subject: SubjectId,
) -> Result<Vec<GalleryId>, StoreError> {
    let id = subject.0.to_string();
    let row = Row {
        table: "memberships",
        id: &id,
    };
    // In one order everywhere, so that two writers never wait for each other.
    memberships::Entity::find()
        .filter(memberships::Column::SubjectId.eq(id.clone()))
        .order_by_asc(memberships::Column::GalleryId)
        .all(connection)
        .await?
        .iter()
        .map(|member| Ok(GalleryId(row.uuid("gallery_id", &member.gallery_id)?)))
        .collect()
}

/// A face as it lies, without its template.
#[derive(Clone, Copy)]
pub(super) struct KeptFace {
    pub(super) id: TemplateId,
    pub(super) keeping: PictureKeeping,
}

/// The faces of people, whether or not anybody can open them.
pub(super) async fn kept_faces<C: ConnectionTrait>(
    connection: &C,
    people: &[SubjectId],
) -> Result<Vec<KeptFace>, StoreError> {
    let rows: Vec<(String, String)> = templates::Entity::find()
        .select_only()
        .columns([templates::Column::Id, templates::Column::Keeping])
        .filter(templates::Column::SubjectId.is_in(texts(people)))
        .order_by_asc(templates::Column::SubjectId)
        .order_by_asc(templates::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    rows.iter()
        .map(|(id, keeping)| {
            let row = Row {
                table: "templates",
                id,
            };
            Ok(KeptFace {
                id: TemplateId(row.uuid("id", id)?),
                keeping: row.known("keeping", PictureKeeping::from_name(keeping))?,
            })
        })
        .collect()
}

pub(super) async fn faces<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    people: &[SubjectId],
) -> Result<Vec<EnrolledFace>, StoreError> {
    let models = templates::Entity::find()
        .filter(templates::Column::SubjectId.is_in(texts(people)))
        .order_by_asc(templates::Column::SubjectId)
        .order_by_asc(templates::Column::Id)
        .all(connection)
        .await?;
    opened_faces(connection, vault, &models).await
}

/// Opens faces: the key of each person once, however many faces there are of them.
pub(super) async fn opened_faces<C: ConnectionTrait>(
    connection: &C,
    vault: &Vault,
    models: &[templates::Model],
) -> Result<Vec<EnrolledFace>, StoreError> {
    let people = models.iter().map(|model| model.subject_id.clone());
    let keys = vault.keys(connection, people).await?;
    let mut found = Vec::with_capacity(models.len());
    for model in models {
        found.extend(read_face(model, keys.get(&model.subject_id))?);
    }
    Ok(found)
}

/// What a sealed template begins with; the bytes of one from before are a multiple of four.
const SEALED: u8 = 1;

/// A template as its row holds it.
pub(super) fn seal_template(
    person: &DataKey,
    face: TemplateId,
    template: &Template,
) -> Result<Vec<u8>, StoreError> {
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(
        template
            .vector()
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    );
    seal_vector(person, &face.0.to_string(), template.pack(), &bytes)
}

/// The same of its bytes.
pub(super) fn seal_vector(
    person: &DataKey,
    face: &str,
    pack: &str,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let sealed = person.seal(&template_place(face, pack), bytes)?;
    Ok([&[SEALED], sealed.as_slice()].concat())
}

/// Whether a template lies as it is.
pub(super) fn is_plain_vector(kept: &[u8]) -> bool {
    kept.len().is_multiple_of(4)
}

fn template_place(face: &str, pack: &str) -> Vec<u8> {
    format!("templates/vector/{face}/{pack}").into_bytes()
}

/// A face, unless its person's key was destroyed a moment ago.
fn read_face(
    model: &templates::Model,
    key: Option<&DataKey>,
) -> Result<Option<EnrolledFace>, StoreError> {
    let row = Row {
        table: "templates",
        id: &model.id,
    };
    let opened;
    let bytes = if is_plain_vector(&model.vector) {
        model.vector.as_slice()
    } else {
        let Some(key) = key else { return Ok(None) };
        let sealed = model.vector.strip_prefix(&[SEALED]);
        let place = template_place(&model.id, &model.pack);
        let plain = sealed.and_then(|sealed| key.open(&place, sealed));
        opened = Zeroizing::new(row.known("vector", plain)?);
        opened.as_slice()
    };
    let (numbers, rest) = bytes.as_chunks::<4>();
    let vector = rest.is_empty().then(|| {
        numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    });
    let template = vector.and_then(|vector| Template::new(model.pack.clone(), vector));
    Ok(Some(EnrolledFace {
        id: TemplateId(row.uuid("id", &model.id)?),
        subject: SubjectId(row.uuid("subject_id", &model.subject_id)?),
        template: row.known("vector", template)?,
        keeping: row.known("keeping", PictureKeeping::from_name(&model.keeping))?,
        created_at: Timestamp(model.created_at),
    }))
}

fn texts(ids: &[SubjectId]) -> Vec<String> {
    ids.iter().map(|id| id.0.to_string()).collect()
}

fn details_text(details: Option<&serde_json::Value>) -> Result<Option<String>, StoreError> {
    details
        .map(|details| to_json("a person's details", details))
        .transpose()
}

fn subject_id(text: &str) -> Result<SubjectId, StoreError> {
    let row = Row {
        table: "memberships",
        id: text,
    };
    Ok(SubjectId(row.uuid("subject_id", text)?))
}

pub(super) fn place_of<'a>(column: &'static str, row: &'a str) -> Place<'a> {
    Place {
        table: "subjects",
        column,
        row,
    }
}

fn read(model: Model, key: Option<&DataKey>) -> Result<Subject, StoreError> {
    let row = Row {
        table: "subjects",
        id: &model.id,
    };
    let open = |column, text| open_column(key, place_of(column, &model.id), text);
    let details = open("details", model.details)?;
    Ok(Subject {
        id: SubjectId(row.uuid("id", &model.id)?),
        details: row.json_if_any("details", details.as_deref())?,
        created_at: Timestamp(model.created_at),
        updated_at: Timestamp(model.updated_at),
        label: open("label", Some(model.label))?.unwrap_or_default(),
        name: open("name", Some(model.name))?.unwrap_or_default(),
    })
}
