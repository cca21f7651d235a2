//! Gives people roles in a project, and the link with which they set their password.

use rand::Rng as _;
use serde_json::json;
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::{Caller, token_hash};
use crate::operations::error::Error;
use crate::operations::manage_galleries::{MAX_NAME, refuse_bad_text};
use crate::operations::manage_tokens::Secret;
use crate::operations::passwords::{device_secret, matching_step, refuse_weak};
use crate::session::account::{Account, Credentials, Invitation, Membership, Role};
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::ids::{AccountId, ProjectId};
use crate::session::project::Scope;

/// How long a link works.
const INVITATION_MS: i64 = 24 * 60 * 60 * 1000;

/// Bytes of a secret that codes are made of: those of SHA-1, as RFC 4226 asks.
const TOTP_BYTES: usize = 20;

/// What somebody sees who follows their link. It holds a secret, so it has no `Debug`.
pub struct Enrolment {
    pub name: String,
    /// For the QR code.
    pub device_url: String,
    /// The same to be typed.
    pub device_key: String,
}

/// What they send back. It has no `Debug`.
pub struct Enrolled {
    pub password: String,
    pub code: String,
}

impl Operations {
    /// Makes somebody a member of a project. Who is new, or has no password yet, gets a link; its secret is returned.
    pub async fn add_member(
        &self,
        project: ProjectId,
        name: &str,
        role: Role,
        by: Actor,
    ) -> Result<Option<Secret>, Error> {
        let name = name.trim();
        refuse_bad_text("an officer's name", name, 1, MAX_NAME)?;
        if name.chars().any(is_unseen) {
            return Err(Error::invalid(
                "an officer's name holds a character that nobody sees, by which two people would look like one",
            ));
        }
        let (account, secret) = match self.store.account_by_name(name).await? {
            Some(account) if account.credentials.is_some() => (account, None),
            Some(account) => {
                let secret = self.invite_again(account.id, by).await?;
                (account, Some(secret))
            }
            None => {
                let (account, secret) = self.new_account(name, by).await?;
                (account, Some(secret))
            }
        };
        let officer = self.ensure_officer(project, &account.name, by).await?;
        let membership = Membership {
            account: account.id,
            project,
            role,
            officer: officer.id,
        };
        self.put_member(membership, by).await?;
        Ok(secret)
    }

    /// The members of the caller's project.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<(Account, Membership)>, Error> {
        caller.require(Scope::Manage)?;
        Ok(self.store.members(caller.project.id).await?)
    }

    /// The same for whoever runs the machine.
    pub async fn members_for_operator(
        &self,
        project: &str,
    ) -> Result<Vec<(Account, Membership)>, Error> {
        let project = self.find_project(project).await?;
        Ok(self.store.members(project.id).await?)
    }

    /// Adds somebody to the caller's project, or gives them another role there.
    pub async fn invite_member(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
    ) -> Result<Option<Secret>, Error> {
        caller.require(Scope::Manage)?;
        self.refuse_other_projects_guest(caller, name).await?;
        self.add_member(caller.project.id, name, role, caller.actor())
            .await
    }

    /// A name is not a person: whoever has it in another project is somebody whom nobody here can vouch
    /// for, so that only whoever runs the machine lets one account into a second project. Who is a
    /// member here has a role already.
    async fn refuse_other_projects_guest(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let Some(account) = self.store.account_by_name(name.trim()).await? else {
            return Ok(());
        };
        let memberships = self.store.memberships(account.id).await?;
        if !memberships.iter().any(|it| it.project == caller.project.id) {
            return Err(Error::Conflict {
                reason: "this name is taken: choose another one, or have the operator add the account with `likeness officers create`".to_owned(),
            });
        }
        if account.credentials.is_some() {
            return Err(Error::Conflict {
                reason: "somebody of that name is a member already: change their role instead"
                    .to_owned(),
            });
        }
        if memberships.len() > 1 {
            return Err(Error::Conflict {
                reason: "somebody of that name was invited by another project too and has not set a password yet: only the operator makes a new link".to_owned(),
            });
        }
        Ok(())
    }

    /// Gives a member of the caller's project another role; nobody their own.
    pub async fn change_member(
        &self,
        caller: &Caller,
        account: AccountId,
        role: Role,
    ) -> Result<(), Error> {
        let membership = self.other_member(caller, account).await?;
        self.put_member(Membership { role, ..membership }, caller.actor())
            .await
    }

    /// Takes a member of the caller's project out of it; nobody themselves.
    pub async fn remove_member(&self, caller: &Caller, account: AccountId) -> Result<(), Error> {
        let membership = self.other_member(caller, account).await?;
        self.take_member(membership, caller.actor()).await
    }

    /// Takes somebody out of a project, for whoever runs the machine.
    pub async fn remove_member_by_name(&self, project: &str, name: &str) -> Result<(), Error> {
        let project = self.find_project(project).await?;
        let account = self.account_named(name).await?;
        let memberships = self.store.memberships(account.id).await?;
        let membership = memberships
            .into_iter()
            .find(|it| it.project == project.id)
            .ok_or(Error::NotFound { what: "member" })?;
        self.take_member(membership, Actor::Operator).await
    }

    /// Takes somebody's password and device away and makes a new link: for whoever runs the machine,
    /// as an account is not one project's.
    pub async fn reset_account(&self, name: &str) -> Result<Secret, Error> {
        let account = self.account_named(name).await?;
        self.invite_again(account.id, Actor::Operator).await
    }

    /// What stands behind a link, while it works.
    pub async fn read_invitation(&self, secret: &str) -> Result<Enrolment, Error> {
        let (account, invitation) = self.live_invitation(secret).await?;
        let (device_url, device_key) = device_secret(&invitation.totp_secret, &account.name)?;
        Ok(Enrolment {
            name: account.name,
            device_url,
            device_key,
        })
    }

    /// Sets a password and the device, once.
    pub async fn use_invitation(&self, secret: &str, enrolled: Enrolled) -> Result<(), Error> {
        let (account, invitation) = self.live_invitation(secret).await?;
        refuse_weak(&enrolled.password, &account.name)?;
        let now = self.clock.now();
        let totp_step =
            matching_step(&invitation.totp_secret, &enrolled.code, now).ok_or_else(|| {
                Error::invalid("the code is not one of now: look at the device again")
            })?;
        let credentials = Credentials {
            password_hash: self.passwords.hash(enrolled.password).await?,
            totp_secret: invitation.totp_secret.clone(),
            totp_step,
        };
        let entry = self.account_entry(account.id, Actor::Service, AuditAction::OfficerEnrolled);
        let used = self
            .store
            .enrol_account(&invitation, &credentials, &entry)
            .await?;
        if used { Ok(()) } else { Err(no_invitation()) }
    }

    async fn live_invitation(&self, secret: &str) -> Result<(Account, Invitation), Error> {
        let now = self.clock.now();
        let invitation = self
            .store
            .invitation(&token_hash(secret))
            .await?
            .filter(|invitation| now < invitation.expires_at)
            .ok_or_else(no_invitation)?;
        let account = self.store.account(invitation.account).await?;
        Ok((account.ok_or_else(no_invitation)?, invitation))
    }

    async fn account_named(&self, name: &str) -> Result<Account, Error> {
        let account = self.store.account_by_name(name).await?;
        account.ok_or(Error::NotFound { what: "account" })
    }

    async fn new_account(&self, name: &str, by: Actor) -> Result<(Account, Secret), Error> {
        let account = Account {
            id: AccountId(Uuid::now_v7()),
            name: name.to_owned(),
            credentials: None,
            failures: 0,
            locked_until: None,
            created_at: self.clock.now(),
        };
        let (invitation, secret) = self.invitation(account.id);
        let entry = self.account_entry(account.id, by, AuditAction::OfficerInvited);
        self.store
            .invite_account(&account, &invitation, &entry)
            .await?;
        Ok((account, secret))
    }

    async fn invite_again(&self, account: AccountId, by: Actor) -> Result<Secret, Error> {
        let (invitation, secret) = self.invitation(account);
        let entry = self.account_entry(account, by, AuditAction::OfficerInvited);
        self.store.invite_again(&invitation, &entry).await?;
        Ok(secret)
    }

    fn invitation(&self, account: AccountId) -> (Invitation, Secret) {
        let secret = Secret::random();
        let mut totp_secret = vec![0; TOTP_BYTES];
        rand::rng().fill_bytes(&mut totp_secret);
        let invitation = Invitation {
            hash: token_hash(secret.reveal()),
            account,
            totp_secret,
            expires_at: self.clock.now().plus(INVITATION_MS),
        };
        (invitation, secret)
    }

    async fn other_member(&self, caller: &Caller, account: AccountId) -> Result<Membership, Error> {
        let members = self.members(caller).await?;
        let member = members.into_iter().find(|(it, _)| it.id == account);
        let (_, membership) = member.ok_or(Error::NotFound { what: "member" })?;
        if Some(membership.officer) == caller.officer {
            return Err(own_role());
        }
        Ok(membership)
    }

    async fn put_member(&self, membership: Membership, by: Actor) -> Result<(), Error> {
        self.revoke_tokens_beyond(&membership, &membership.role.scopes(), by)
            .await?;
        let deed = Deed {
            action: AuditAction::OfficerChanged,
            target: membership.account.to_string(),
            details: json!({
                "officer": membership.officer.to_string(),
                "role": membership.role.name(),
            }),
        };
        let entry = self.audit_entry(membership.project, by, deed);
        Ok(self.store.put_membership(&membership, &entry).await?)
    }

    async fn take_member(&self, membership: Membership, by: Actor) -> Result<(), Error> {
        let Membership {
            account, project, ..
        } = membership;
        let deed = Deed {
            action: AuditAction::OfficerChanged,
            target: account.to_string(),
            details: json!({"officer": membership.officer.to_string(), "role": null}),
        };
        let entry = self.audit_entry(project, by, deed);
        // First, so that whoever tries again after a fault finds them still a member.
        self.revoke_tokens_beyond(&membership, &[], by).await?;
        let removed = self
            .store
            .remove_membership(account, project, &entry)
            .await?;
        if removed {
            Ok(())
        } else {
            Err(Error::NotFound { what: "member" })
        }
    }

    /// Closes what was made in somebody's name and opens more than they may do now: who is out is out
    /// by every door. What a program has, which a token opens besides, is not theirs to lose.
    async fn revoke_tokens_beyond(
        &self,
        membership: &Membership,
        allowed: &[Scope],
        by: Actor,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let personal = [Scope::Rules, Scope::Decide, Scope::Erase];
        let tokens = self.store.tokens(membership.project).await?;
        for token in tokens {
            let is_theirs = token.officer == Some(membership.officer) && token.is_live(now);
            let is_beyond = allowed.is_empty()
                || token
                    .scopes
                    .iter()
                    .any(|scope| personal.contains(scope) && !allowed.contains(scope));
            if is_theirs && is_beyond {
                self.revoke_token(token.id, by).await?;
            }
        }
        Ok(())
    }
}

fn own_role() -> Error {
    Error::Refused {
        reason: "nobody changes their own role: ask another admin".to_owned(),
    }
}

/// Characters that are drawn as nothing or turn what follows around.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn no_invitation() -> Error {
    Error::NotFound {
        what: "invitation: it may have been used, or be over; ask for another one",
    }
}
