//! Makes, lists, rotates and removes the endpoints that a project's events are posted to, and tries one.

use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry};
use crate::session::ids::{EndpointId, ProjectId};
use crate::session::project::Scope;
use crate::session::webhook::{Endpoint, Event, EventKind, WebhookSecret};

/// Endpoints that a project may have.
pub const MAX_ENDPOINTS: u64 = 20;

/// Hours for which the old secret signs beside the new one, unless somebody says otherwise, and the most.
pub const OVERLAP_HOURS: u32 = 24;
pub const MAX_OVERLAP_HOURS: u32 = 24 * 30;

/// The longest address.
const MAX_URL: usize = 2_000;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Whose webhooks, and in whose name they are managed.
#[derive(Clone, Copy, Debug)]
pub struct Webmaster {
    project: ProjectId,
    actor: Actor,
}

impl Webmaster {
    /// The caller for their own project, where they may manage it.
    pub fn of(caller: &Caller) -> Result<Self, Error> {
        caller.require(Scope::Manage)?;
        Ok(Self {
            project: caller.project.id,
            actor: caller.actor(),
        })
    }
}

impl Operations {
    /// Whoever runs the machine, for the project of that name.
    pub async fn webmaster(&self, project: &str) -> Result<Webmaster, Error> {
        Ok(Webmaster {
            project: self.find_project(project).await?.id,
            actor: Actor::Operator,
        })
    }

    /// Makes an endpoint for these events, or for all where none is named. Its secret is in the answer, and is
    /// shown to nobody again.
    pub async fn create_webhook(
        &self,
        by: Webmaster,
        url: &str,
        mut events: Vec<EventKind>,
    ) -> Result<Endpoint, Error> {
        if url.len() > MAX_URL {
            return Err(Error::invalid(format!("`url` has {MAX_URL} bytes at most")));
        }
        self.check_address("`url`", url).await?;
        if events.is_empty() {
            events = EventKind::ALL.to_vec();
        }
        events.dedup();
        let endpoint = Endpoint {
            id: EndpointId(Uuid::now_v7()),
            project: by.project,
            url: url.to_owned(),
            events,
            secret: WebhookSecret::of(rand::random()),
            previous: None,
            created_at: self.clock.now(),
            disabled_at: None,
        };
        let names: Vec<&str> = endpoint.events.iter().map(|kind| kind.name()).collect();
        let entry = self.about_webhook(
            by,
            AuditAction::WebhookCreated,
            endpoint.id,
            json!({ "events": names }),
        );
        self.store
            .insert_endpoint(&endpoint, MAX_ENDPOINTS, &entry)
            .await?;
        Ok(endpoint)
    }

    /// The project's endpoints, oldest first.
    pub async fn list_webhooks(&self, by: Webmaster) -> Result<Vec<Endpoint>, Error> {
        Ok(self.store.endpoints(by.project).await?)
    }

    /// Gives an endpoint a new secret; the old one signs beside it for so many hours.
    pub async fn rotate_webhook(
        &self,
        by: Webmaster,
        id: EndpointId,
        overlap_hours: u32,
    ) -> Result<WebhookSecret, Error> {
        if overlap_hours > MAX_OVERLAP_HOURS {
            return Err(Error::invalid(format!(
                "the old secret signs on for {MAX_OVERLAP_HOURS} hours at most"
            )));
        }
        let secret = WebhookSecret::of(rand::random());
        let until = self.clock.now().plus(i64::from(overlap_hours) * HOUR_MS);
        let details = json!({ "overlap_hours": overlap_hours });
        let entry = self.about_webhook(by, AuditAction::WebhookRotated, id, details);
        let rotated = self
            .store
            .rotate_endpoint(by.project, id, &secret, until, &entry)
            .await?;
        found(rotated)?;
        Ok(secret)
    }

    /// Removes an endpoint. What is on its way there is given up.
    pub async fn remove_webhook(&self, by: Webmaster, id: EndpointId) -> Result<(), Error> {
        let entry = self.about_webhook(by, AuditAction::WebhookRemoved, id, json!({}));
        found(self.store.remove_endpoint(by.project, id, &entry).await?)
    }

    /// Posts to an endpoint again that was disabled because it had answered that it is gone.
    pub async fn enable_webhook(&self, by: Webmaster, id: EndpointId) -> Result<(), Error> {
        let entry = self.about_webhook(by, AuditAction::WebhookEnabled, id, json!({}));
        found(self.store.enable_endpoint(by.project, id, &entry).await?)
    }

    /// Has an event posted to an endpoint that tells of nothing.
    pub async fn test_webhook(&self, by: Webmaster, id: EndpointId) -> Result<(), Error> {
        let endpoint = self.store.endpoint(id).await?;
        let endpoint = endpoint.filter(|endpoint| endpoint.project == by.project);
        match endpoint {
            None => return found(false),
            Some(endpoint) if endpoint.disabled_at.is_some() => {
                return Err(Error::Conflict {
                    reason: "the webhook is disabled: it answered that it is gone".to_owned(),
                });
            }
            Some(_) => {}
        }
        let event = Event::test(id, self.clock.now());
        self.store.queue_event(id, &event).await?;
        self.signalling.post_waits();
        Ok(())
    }

    fn about_webhook(
        &self,
        by: Webmaster,
        action: AuditAction,
        id: EndpointId,
        details: serde_json::Value,
    ) -> AuditEntry {
        let deed = Deed {
            action,
            target: id.to_string(),
            details,
        };
        self.audit_entry(by.project, by.actor, deed)
    }
}

fn found(found: bool) -> Result<(), Error> {
    if found {
        Ok(())
    } else {
        Err(Error::NotFound { what: "webhook" })
    }
}
