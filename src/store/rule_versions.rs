//! Rule sets by version, never changed once saved, and the log of what judged when.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::scoring::rules::content_hash;
use crate::session::audit::AuditEntry;
use crate::session::ids::ProjectId;
use crate::session::rule_version::{Activation, RuleRole, RuleVersion};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::audit;
use crate::store::database::{settle, take_rules_turn};
use crate::store::entity::{rule_activations, rule_versions};
use crate::store::error::StoreError;
use crate::store::reading::Row;

impl Store {
    /// Keeps a version under the project's next number, whatever number it came with, and returns it.
    pub async fn save_rules(
        &self,
        version: RuleVersion,
        entry: impl FnOnce(&RuleVersion) -> AuditEntry,
    ) -> Result<RuleVersion, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            take_rules_turn(&transaction, version.project).await?;
            let last = newest_version(&transaction, version.project).await?;
            let version = RuleVersion {
                number: last.map_or(0, |last| last.number) + 1,
                ..version
            };
            insert_version(&transaction, &version).await?;
            audit::append(&transaction, &entry(&version)).await?;
            Ok(version)
        }
        .await;
        settle(transaction, done).await
    }

    /// A project's version of that number.
    pub async fn rule_version(
        &self,
        project: ProjectId,
        number: u32,
    ) -> Result<Option<RuleVersion>, StoreError> {
        version(&self.database, project, number).await
    }

    /// A page of a project's versions, newest first: those with a smaller number than `before`.
    pub async fn rule_versions(
        &self,
        project: ProjectId,
        before: Option<u32>,
        limit: u64,
    ) -> Result<Vec<RuleVersion>, StoreError> {
        let mut wanted = rule_versions::Entity::find()
            .filter(rule_versions::Column::ProjectId.eq(project.0.to_string()));
        if let Some(before) = before {
            wanted = wanted.filter(rule_versions::Column::Number.lt(i64::from(before)));
        }
        wanted
            .order_by_desc(rule_versions::Column::Number)
            .limit(limit)
            .all(&self.database)
            .await?
            .into_iter()
            .map(read_version)
            .collect()
    }

    /// Puts a version to a role, or takes the role's version away; false where it is so already.
    ///
    /// The entry is worded from the number of the version that held the role before.
    pub async fn activate_rules(
        &self,
        project: ProjectId,
        activation: &Activation,
        entry: impl FnOnce(Option<u32>) -> AuditEntry,
    ) -> Result<bool, StoreError> {
        let transaction = self.begin().await?;
        let done = async {
            take_rules_turn(&transaction, project).await?;
            if let Some(number) = activation.number
                && version(&transaction, project, number).await?.is_none()
            {
                return Err(StoreError::NotFound {
                    what: "version of the rules",
                });
            }
            let before = number_in_role(&transaction, project, activation.role).await?;
            if before == activation.number {
                return Ok(false);
            }
            insert_activation(&transaction, project, activation).await?;
            audit::append(&transaction, &entry(before)).await?;
            Ok(true)
        }
        .await;
        settle(transaction, done).await
    }

    /// The latest changes of what judges, newest first.
    pub async fn activations(
        &self,
        project: ProjectId,
        limit: u64,
    ) -> Result<Vec<Activation>, StoreError> {
        rule_activations::Entity::find()
            .filter(rule_activations::Column::ProjectId.eq(project.0.to_string()))
            .order_by_desc(rule_activations::Column::Id)
            .limit(limit)
            .all(&self.database)
            .await?
            .iter()
            .map(read_activation)
            .collect()
    }

    /// The version that holds a role now; none where the service's own rules judge, or nothing does.
    pub async fn rules_in_role(
        &self,
        project: ProjectId,
        role: RuleRole,
    ) -> Result<Option<RuleVersion>, StoreError> {
        let Some(number) = self.number_in_role(project, role).await? else {
            return Ok(None);
        };
        // Other rules must not judge in the place of a version that cannot be found.
        match self.rule_version(project, number).await? {
            Some(version) => Ok(Some(version)),
            None => Err(StoreError::Inconsistent {
                what: "the version of the rules that is to judge is gone",
            }),
        }
    }

    /// The number of the version that holds a role now.
    pub async fn number_in_role(
        &self,
        project: ProjectId,
        role: RuleRole,
    ) -> Result<Option<u32>, StoreError> {
        number_in_role(&self.database, project, role).await
    }
}

async fn number_in_role<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    role: RuleRole,
) -> Result<Option<u32>, StoreError> {
    let newest = rule_activations::Entity::find()
        .filter(rule_activations::Column::ProjectId.eq(project.0.to_string()))
        .filter(rule_activations::Column::Role.eq(role.name()))
        .order_by_desc(rule_activations::Column::Id)
        .one(connection)
        .await?;
    let newest = newest.as_ref().map(read_activation).transpose()?;
    Ok(newest.and_then(|activation| activation.number))
}

async fn version<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
    number: u32,
) -> Result<Option<RuleVersion>, StoreError> {
    let model = rule_versions::Entity::find_by_id((project.0.to_string(), i64::from(number)))
        .one(connection)
        .await?;
    // Rules that were altered behind the service's back judge nobody.
    if let Some(model) = model.as_ref()
        && content_hash(&model.text) != model.hash
    {
        tracing::error!(
            project = model.project_id,
            version = model.number,
            "rules were altered since they were saved"
        );
        return Err(StoreError::Altered {
            version: model.number,
        });
    }
    model.map(read_version).transpose()
}

async fn newest_version<C: ConnectionTrait>(
    connection: &C,
    project: ProjectId,
) -> Result<Option<RuleVersion>, StoreError> {
    rule_versions::Entity::find()
        .filter(rule_versions::Column::ProjectId.eq(project.0.to_string()))
        .order_by_desc(rule_versions::Column::Number)
        .one(connection)
        .await?
        .map(read_version)
        .transpose()
}

async fn insert_version(
    transaction: &DatabaseTransaction,
    version: &RuleVersion,
) -> Result<(), StoreError> {
    rule_versions::Entity::insert(rule_versions::ActiveModel {
        project_id: Set(version.project.0.to_string()),
        number: Set(i64::from(version.number)),
        text: Set(version.text.clone()),
        hash: Set(version.hash.clone()),
        author: Set(version.author.to_string()),
        note: Set(version.note.clone()),
        created_at: Set(version.created_at.0),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

async fn insert_activation(
    transaction: &DatabaseTransaction,
    project: ProjectId,
    activation: &Activation,
) -> Result<(), StoreError> {
    rule_activations::Entity::insert(rule_activations::ActiveModel {
        id: NotSet,
        project_id: Set(project.0.to_string()),
        role: Set(activation.role.name().to_owned()),
        number: Set(activation.number.map(i64::from)),
        actor: Set(activation.actor.to_string()),
        at: Set(activation.at.0),
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

fn read_version(model: rule_versions::Model) -> Result<RuleVersion, StoreError> {
    let id = format!("{}/{}", model.project_id, model.number);
    let row = Row {
        table: "rule_versions",
        id: &id,
    };
    Ok(RuleVersion {
        project: ProjectId(row.uuid("project_id", &model.project_id)?),
        number: row.known("number", u32::try_from(model.number).ok())?,
        author: row.known("author", model.author.parse().ok())?,
        created_at: Timestamp(model.created_at),
        text: model.text,
        hash: model.hash,
        note: model.note,
    })
}

fn read_activation(model: &rule_activations::Model) -> Result<Activation, StoreError> {
    let id = model.id.to_string();
    let row = Row {
        table: "rule_activations",
        id: &id,
    };
    let number = model
        .number
        .map(|number| row.known("number", u32::try_from(number).ok()))
        .transpose()?;
    Ok(Activation {
        role: row.known("role", RuleRole::from_name(&model.role))?,
        number,
        actor: row.known("actor", model.actor.parse().ok())?,
        at: Timestamp(model.at),
    })
}
