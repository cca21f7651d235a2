//! Keys of requests that are carried out once: who holds one, what was answered under it, and until when it is kept.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, TryInsertResult};
use uuid::Uuid;

use crate::session::ids::{SessionId, SubjectId, TemplateId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::idempotency_keys::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use crate::store::reading::Row;
use crate::store::subjects::CHUNK;

const NONCE: usize = 24;

/// Where a request enrols somebody, the person has this number among what it makes.
pub const PERSON: u16 = 0;
/// The faces have this number and those that follow.
pub const FIRST_FACE: u16 = 1;

/// Somebody carries the request out, until the lease ends.
const RUNNING: &str = "running";
/// Nothing definite came of it: it may be carried out again.
const RELEASED: &str = "released";
/// The answer is kept.
const ANSWERED: &str = "answered";

/// A request that wants to be carried out once.
#[derive(Clone, Debug)]
pub struct KeyClaim {
    /// Stands for whose key it is, for the route and for the key itself.
    pub id: String,
    /// The session that the request is about, where it names one.
    pub session: Option<SessionId>,
    /// Tells whether another request came under the key.
    pub fingerprint: [u8; 32],
    pub now: Timestamp,
    pub lease_until: Timestamp,
    /// A key that was first used before this moment is as good as unused.
    pub oldest: Timestamp,
}

/// What stands behind a key.
#[derive(Debug)]
pub enum KeyStanding {
    /// The request is this caller's to carry out.
    Held(KeyHold),
    /// It was carried out: the answer, sealed.
    Answered(Vec<u8>),
    /// Another request has the key.
    OtherRequest,
    /// Somebody is carrying it out.
    Running,
}

/// A key in the hands of whoever carries the request out.
#[derive(Clone, Debug)]
pub struct KeyHold {
    pub id: String,
    holder: Uuid,
    /// The identifier of what the request makes; the same however often it is tried.
    pub seed: Uuid,
    /// Whether somebody tried before, and may have got as far as making it.
    pub again: bool,
}

impl Store {
    /// Takes a key, where nobody else has it. Safe against any number of callers on any number of nodes.
    pub async fn claim_key(&self, claim: &KeyClaim) -> Result<KeyStanding, StoreError> {
        loop {
            let seed = Uuid::now_v7();
            let holder = Uuid::now_v7();
            let session = claim.session.map_or(seed, |session| session.0);
            let inserted = Entity::insert(ActiveModel {
                id: Set(claim.id.clone()),
                session_id: Set(session.to_string()),
                fingerprint: Set(claim.fingerprint.to_vec()),
                seed: Set(seed.to_string()),
                holder: Set(holder.to_string()),
                state: Set(RUNNING.to_owned()),
                created_at: Set(claim.now.0),
                lease_until: Set(claim.lease_until.0),
                answer: Set(None),
            })
            .on_conflict_do_nothing_on([Column::Id])
            .exec_without_returning(&self.database)
            .await?;
            if let TryInsertResult::Inserted(1..) = inserted {
                return Ok(KeyStanding::Held(KeyHold {
                    id: claim.id.clone(),
                    holder,
                    seed,
                    again: false,
                }));
            }
            let Some(row) = Entity::find_by_id(claim.id.clone())
                .one(&self.database)
                .await?
            else {
                continue;
            };
            if let Some(standing) = self.standing(claim, row, holder).await? {
                return Ok(standing);
            }
        }
    }

    /// What a key's row means for a claim; none where the row changed meanwhile or made room.
    async fn standing(
        &self,
        claim: &KeyClaim,
        row: Model,
        holder: Uuid,
    ) -> Result<Option<KeyStanding>, StoreError> {
        let same = row.fingerprint == claim.fingerprint;
        let is_free =
            row.state == RELEASED || (row.state == RUNNING && row.lease_until <= claim.now.0);
        let is_over = row.created_at < claim.oldest.0 && (row.state == ANSWERED || is_free);
        if is_over || (row.state == RELEASED && !same) {
            self.forget_key(&row).await?;
            return Ok(None);
        }
        if !same {
            return Ok(Some(KeyStanding::OtherRequest));
        }
        if let Some(answer) = row.answer {
            return Ok(Some(KeyStanding::Answered(answer)));
        }
        if !is_free {
            return Ok(Some(KeyStanding::Running));
        }
        let taken = Entity::update_many()
            .col_expr(Column::State, Expr::value(RUNNING))
            .col_expr(Column::Holder, Expr::value(holder.to_string()))
            .col_expr(Column::LeaseUntil, Expr::value(claim.lease_until.0))
            .filter(Column::Id.eq(row.id.clone()))
            .filter(Column::Holder.eq(row.holder.clone()))
            .filter(Column::State.eq(row.state.clone()))
            .filter(Column::LeaseUntil.eq(row.lease_until))
            .exec(&self.database)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        let read = Row {
            table: "idempotency_keys",
            id: &row.id,
        };
        Ok(Some(KeyStanding::Held(KeyHold {
            id: row.id.clone(),
            holder,
            seed: read.uuid("seed", &row.seed)?,
            again: true,
        })))
    }

    /// Says that the request is still being carried out.
    pub async fn renew_key(&self, hold: &KeyHold, until: Timestamp) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(until.0))
            .filter(held_by(hold))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Keeps what was answered. Nothing is kept by whoever lost the key to another meanwhile.
    pub async fn keep_answer(&self, hold: &KeyHold, sealed: Vec<u8>) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(ANSWERED))
            .col_expr(Column::Answer, Expr::value(sealed))
            .filter(held_by(hold))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Gives the key back. What it allotted stays, so that a next try makes nothing a second time.
    pub async fn release_key(&self, hold: &KeyHold) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(RELEASED))
            .filter(held_by(hold))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Forgets the keys that were first used before a moment; tells how many there were.
    pub async fn forget_keys(&self, oldest: Timestamp) -> Result<u64, StoreError> {
        let gone = Entity::delete_many()
            .filter(Column::CreatedAt.lt(oldest.0))
            .exec(&self.database)
            .await?;
        Ok(gone.rows_affected)
    }

    async fn forget_key(&self, row: &Model) -> Result<(), StoreError> {
        Entity::delete_many()
            .filter(Column::Id.eq(row.id.clone()))
            .filter(Column::Holder.eq(row.holder.clone()))
            .filter(Column::State.eq(row.state.clone()))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}

/// Forgets what was answered about a session.
pub(super) async fn erase(
    transaction: &DatabaseTransaction,
    session: SessionId,
) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::SessionId.eq(session.0.to_string()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// People and faces that are erased, with the sessions that the people come from.
#[derive(Default)]
pub(super) struct Made {
    pub(super) people: Vec<SubjectId>,
    pub(super) faces: Vec<TemplateId>,
    pub(super) sessions: Vec<String>,
}

/// Forgets what was answered to the requests that enrolled them. They are told by what was allotted to them: whoever was
/// made under a key, or had faces added under one, leads back to its seed.
pub(super) async fn erase_enrolments(
    transaction: &DatabaseTransaction,
    made: &Made,
) -> Result<(), StoreError> {
    let people = made.people.iter().map(|person| allotted(person.0, PERSON));
    let faces = made.faces.iter().map(|face| allotted(face.0, FIRST_FACE));
    let seeds: Vec<String> = people.chain(faces).map(|seed| seed.to_string()).collect();
    for some in seeds.chunks(CHUNK) {
        // A request that names no session has its seed in the place of one, which is what the rows are found by.
        Entity::delete_many()
            .filter(Column::SessionId.is_in(some))
            .exec(transaction)
            .await?;
        for sessions in made.sessions.chunks(CHUNK) {
            Entity::delete_many()
                .filter(Column::SessionId.is_in(sessions))
                .filter(Column::Seed.is_in(some))
                .exec(transaction)
                .await?;
        }
    }
    Ok(())
}

/// The identifier of that number among those that a seed allots; and of such an identifier the seed.
pub fn allotted(seed: Uuid, number: u16) -> Uuid {
    // The last bytes of a version 7 identifier are chance alone.
    Uuid::from_u128(seed.as_u128() ^ u128::from(number))
}

fn held_by(hold: &KeyHold) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::Id.eq(hold.id.clone()))
        .add(Column::Holder.eq(hold.holder.to_string()))
        .add(Column::State.eq(RUNNING))
}

/// Seals an answer for whoever knows the key, under this row and no other.
pub fn seal(key: &[u8; 32], row: &str, answer: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE] = rand::random();
    let payload = Payload {
        msg: answer,
        aad: row.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(&(*key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StoreError::Unstorable { what: "an answer" })?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// The answer, where it was sealed by this key under this row.
pub fn open(key: &[u8; 32], row: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: sealed,
        aad: row.as_bytes(),
    };
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
}
