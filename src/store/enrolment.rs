//! Enrols faces: pictures, templates, the person and the galleries, all of it or nothing.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::session::gallery::{EnrolledFace, Subject};
use crate::session::ids::{GalleryId, ProjectId, SessionId, SubjectId, TemplateId};
use crate::session::status::SessionStatus;
use crate::session::template::Template;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::blob_sealing::seal_face_key;
use crate::store::blobs::{picture_key, thumbnail_key};
use crate::store::data_keys::DataKey;
use crate::store::database::{settle, take_galleries_turn, to_the_end};
use crate::store::doomed::{doom, spare};
use crate::store::entity::templates;
use crate::store::error::StoreError;
use crate::store::sessions;
use crate::store::subjects::{self, About, KeptFace, Named, kept_keys};
use crate::store::usage::{Counted, count};
use crate::store::vault::Vault;

/// An enrolment that is not complete after this long never will be: its blobs may go.
const PATIENCE_MS: i64 = 60 * 60 * 1000;

/// What to do where the label is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenTaken {
    Refuse,
    /// The faces are added to the person's.
    Add,
    /// The faces take the place of the person's earlier ones.
    Replace,
}

/// A face and what is to be kept of its picture. It has no `Debug` on purpose.
#[derive(Clone)]
pub struct NewFace {
    pub face: EnrolledFace,
    pub picture: Vec<u8>,
    pub thumbnail: Vec<u8>,
}

/// Faces of one person for one or several galleries of a project.
#[derive(Clone)]
pub struct Enrolment {
    pub project: ProjectId,
    /// At least one. The first is where the label is looked up.
    pub galleries: Vec<GalleryId>,
    /// The person as it is to be, should it be new; else its name and details fill in what is empty.
    pub subject: Subject,
    pub faces: Vec<NewFace>,
    /// The session that a new person comes from: who erases it may erase the person with it.
    pub session: Option<SessionId>,
    pub when_taken: WhenTaken,
    /// Faces a person may have.
    pub max_faces: usize,
    /// Faces the project may have.
    pub limit: Option<u64>,
    pub now: Timestamp,
}

impl Store {
    /// Enrols faces and answers whose they are now. Goes through to the end even when nobody
    /// waits for it any more.
    pub async fn enrol(&self, enrolment: Enrolment) -> Result<Subject, StoreError> {
        let store = self.clone();
        to_the_end(async move {
            let keys: Vec<String> = enrolment
                .faces
                .iter()
                .flat_map(|new| kept_keys(enrolment.project, kept(&new.face)))
                .collect();
            // Whose faces they are is known once the rows are: until then each has a key of its own.
            let face_keys: Vec<DataKey> =
                enrolment.faces.iter().map(|_| DataKey::random()).collect();
            // Doomed until the rows are there: whatever breaks off leaves no picture behind.
            doom(&store.database, &keys, enrolment.now.plus(PATIENCE_MS)).await?;
            for (new, key) in enrolment.faces.iter().zip(&face_keys) {
                store.put_pictures(enrolment.project, new, key).await?;
            }
            let transaction = store.begin().await?;
            let done = async {
                let subject = rows(&transaction, &store.vault, &enrolment, &face_keys).await?;
                spare(&transaction, &keys).await?;
                Ok(subject)
            }
            .await;
            let enrolled = settle(transaction, done).await;
            // Where nobody knows what came of it, they stay doomed for later, or are spared already.
            if let Err(error) = &enrolled
                && !error.leaves_doubt()
            {
                doom(&store.database, &keys, enrolment.now).await?;
            }
            store.sweep_blobs(enrolment.now).await;
            enrolled
        })
        .await
    }

    /// Puts a template of another pack in the place of a face's; tells whether the face is still there.
    pub async fn replace_template(
        &self,
        project: ProjectId,
        face: &EnrolledFace,
        template: &Template,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            take_galleries_turn(&transaction, project).await?;
            let galleries = subjects::galleries_of(&transaction, face.subject).await?;
            let key = self.vault.person_key(&transaction, face.subject).await?;
            let Some(key) = key else { return Ok(false) };
            let sealed = subjects::seal_template(&key, face.id, template)?;
            let replaced = templates::Entity::update_many()
                .col_expr(templates::Column::Pack, Expr::value(template.pack()))
                .col_expr(templates::Column::Vector, Expr::value(sealed))
                .filter(templates::Column::Id.eq(face.id.0.to_string()))
                .exec(&transaction)
                .await?;
            for gallery in galleries {
                subjects::note(&transaction, gallery, &[face.subject], now).await?;
            }
            Ok(replaced.rows_affected > 0)
        }
        .await;
        settle(transaction, done).await
    }

    /// The picture that was kept of a face.
    pub async fn enrolled_picture(
        &self,
        project: ProjectId,
        face: TemplateId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_blob(&picture_key(project, face)).await
    }

    /// The thumbnail that was kept of a face.
    pub async fn enrolled_thumbnail(
        &self,
        project: ProjectId,
        face: TemplateId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_blob(&thumbnail_key(project, face)).await
    }

    async fn put_pictures(
        &self,
        project: ProjectId,
        new: &NewFace,
        data_key: &DataKey,
    ) -> Result<(), StoreError> {
        let keys = kept_keys(project, kept(&new.face));
        for key in keys {
            let is_picture = key == picture_key(project, new.face.id);
            let bytes = if is_picture {
                &new.picture
            } else {
                &new.thumbnail
            };
            self.put_blob_under(&key, bytes, data_key).await?;
        }
        Ok(())
    }
}

async fn rows(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    enrolment: &Enrolment,
    face_keys: &[DataKey],
) -> Result<Subject, StoreError> {
    let Enrolment {
        project,
        galleries,
        now,
        ..
    } = enrolment;
    let first = *galleries
        .first()
        .ok_or(StoreError::NotFound { what: "gallery" })?;
    // So that two enrolments of one label come one after the other.
    take_galleries_turn(transaction, *project).await?;
    if let Some(session) = enrolment.session {
        refuse_erased(transaction, session).await?;
    }
    subjects::note(transaction, first, &[], *now).await?;
    let label = enrolment.subject.label.as_str();
    let named = |gallery| Named {
        project: *project,
        gallery,
        label,
    };
    let subject = match subjects::member(transaction, vault, named(first)).await? {
        None => {
            let session = enrolment.session;
            subjects::insert(transaction, vault, *project, &enrolment.subject, session).await?;
            enrolment.subject.clone()
        }
        Some(id) => known(transaction, vault, enrolment, id).await?,
    };
    let key = vault.person_key(transaction, subject.id).await?;
    let key = key.ok_or(StoreError::Erased)?;
    let joined = subjects::galleries_of(transaction, subject.id).await?;
    for gallery in galleries.iter().filter(|id| !joined.contains(id)) {
        subjects::add_member(transaction, vault, named(*gallery), subject.id).await?;
    }
    let count_new = i64::try_from(enrolment.faces.len()).unwrap_or(i64::MAX);
    count(
        transaction,
        *project,
        Counted::Faces,
        count_new,
        enrolment.limit,
    )
    .await?;
    for (new, face_key) in enrolment.faces.iter().zip(face_keys) {
        insert_face(transaction, &new.face, subject.id, (&key, face_key)).await?;
    }
    let kept = subjects::kept_faces(transaction, &[subject.id])
        .await?
        .len();
    if kept > enrolment.max_faces {
        return Err(StoreError::TooManyFaces {
            limit: enrolment.max_faces,
        });
    }
    for gallery in subjects::galleries_of(transaction, subject.id).await? {
        subjects::note(transaction, gallery, &[subject.id], *now).await?;
    }
    Ok(subject)
}

/// Refuses faces of a session that was erased meanwhile: whoever erases it from now on finds the person.
async fn refuse_erased(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    let standing = sessions::locked(transaction, session).await?;
    let standing = standing.ok_or(StoreError::NotFound { what: "session" })?;
    if standing.status == SessionStatus::Erased {
        return Err(StoreError::Erased);
    }
    Ok(())
}

/// The person who has the label already, brought up to date.
async fn known(
    transaction: &DatabaseTransaction,
    vault: &Vault,
    enrolment: &Enrolment,
    id: SubjectId,
) -> Result<Subject, StoreError> {
    if enrolment.when_taken == WhenTaken::Refuse {
        return Err(StoreError::AlreadyExists {
            what: "a person of that identifier",
        });
    }
    let mut subject = subjects::subjects(transaction, vault, &[id])
        .await?
        .pop()
        .ok_or(StoreError::NotFound { what: "person" })?;
    if enrolment.when_taken == WhenTaken::Replace {
        let earlier = subjects::kept_faces(transaction, &[id]).await?;
        for gallery in subjects::galleries_of(transaction, id).await? {
            subjects::note(transaction, gallery, &[id], enrolment.now).await?;
        }
        subjects::delete_faces(transaction, enrolment.project, &earlier, enrolment.now).await?;
    }
    if !enrolment.subject.name.is_empty() {
        subject.name.clone_from(&enrolment.subject.name);
    }
    if enrolment.subject.details.is_some() {
        subject.details.clone_from(&enrolment.subject.details);
    }
    subject.updated_at = enrolment.now;
    let about = About {
        project: enrolment.project,
        id,
        name: &subject.name,
        details: subject.details.as_ref(),
    };
    subjects::describe(transaction, vault, about, enrolment.now).await?;
    Ok(subject)
}

async fn insert_face(
    transaction: &DatabaseTransaction,
    face: &EnrolledFace,
    subject: SubjectId,
    (person, face_key): (&DataKey, &DataKey),
) -> Result<(), StoreError> {
    templates::Entity::insert(templates::ActiveModel {
        id: Set(face.id.0.to_string()),
        subject_id: Set(subject.0.to_string()),
        pack: Set(face.template.pack().to_owned()),
        vector: Set(subjects::seal_template(person, face.id, &face.template)?),
        keeping: Set(face.keeping.name().to_owned()),
        created_at: Set(face.created_at.0),
        blob_key: Set(Some(seal_face_key(person, face.id, face_key)?)),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

fn kept(face: &EnrolledFace) -> KeptFace {
    KeptFace {
        id: face.id,
        keeping: face.keeping,
    }
}
