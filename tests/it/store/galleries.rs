//! Galleries, people and their faces: what is kept, what is told of a change, and what is gone for good.

use std::collections::BTreeSet;

use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::call::CallRecord;
use likeness::session::gallery::{EnrolledFace, Gallery, GalleryKind, PictureKeeping, Subject};
use likeness::session::ids::{CallId, GalleryId, ProjectId, SubjectId, TemplateId};
use likeness::session::template::Template;
use likeness::session::time::Timestamp;
use likeness::store::Store;
use likeness::store::enrolment::{Enrolment, NewFace, WhenTaken};
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::receipts::{Gone, Receipt};
use likeness::store::subjects::Leaving;
use likeness::store::subjects::People;
use likeness::store::template_changes::CatchUp;
use serde_json::json;
use uuid::Uuid;

use crate::store::fixture::{Fixture, NOW, entry};

on_both_databases! {
    a_gallery_is_found_by_name_and_by_identifier_in_its_project_alone
    an_enrolment_reads_back_to_the_last_bit
    a_label_that_is_taken_is_refused_added_to_or_replaced
    enrolments_at_once_lose_nothing
    changes_of_several_galleries_do_not_wait_for_each_other
    who_leaves_the_last_gallery_is_gone_with_every_picture
    who_is_in_two_galleries_leaves_one_and_stays_in_the_other
    a_search_is_told_what_came_and_went
    quotas_hold_under_a_rush
    a_refused_enrolment_leaves_nothing
    the_counter_of_calls_equals_the_log
    a_replaced_template_is_told_to_every_search
    nobody_is_enrolled_from_a_session_that_was_erased_meanwhile
    who_comes_from_a_held_session_stays_as_long_as_it_is_held
    who_was_touched_meanwhile_does_not_expire
}

fn gallery(project: ProjectId, name: &str) -> Gallery {
    Gallery {
        id: GalleryId(Uuid::now_v7()),
        project,
        kind: GalleryKind::Named,
        name: name.to_owned(),
        description: String::new(),
        created_by: None,
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

async fn make(store: &Store, project: ProjectId, name: &str) -> Gallery {
    let gallery = gallery(project, name);
    store.create_gallery(&gallery, None).await.unwrap();
    gallery
}

fn face(subject: SubjectId, values: &[f32]) -> NewFace {
    NewFace {
        face: EnrolledFace {
            id: TemplateId(Uuid::now_v7()),
            subject,
            template: Template::new("pack", values.to_vec()).unwrap(),
            keeping: PictureKeeping::Picture,
            created_at: NOW,
        },
        picture: b"a picture".to_vec(),
        thumbnail: b"a thumbnail".to_vec(),
    }
}

fn enrolment(gallery: &Gallery, label: &str, values: &[f32]) -> Enrolment {
    let id = SubjectId(Uuid::now_v7());
    Enrolment {
        project: gallery.project,
        galleries: vec![gallery.id],
        subject: Subject {
            id,
            label: label.to_owned(),
            name: "Ana".to_owned(),
            details: Some(json!({ "nationality": "CH" })),
            created_at: NOW,
            updated_at: NOW,
        },
        faces: vec![face(id, values)],
        session: None,
        when_taken: WhenTaken::Add,
        max_faces: 64,
        limit: None,
        now: NOW,
    }
}

async fn faces_of(store: &Store, subject: SubjectId) -> usize {
    store.faces(&[subject]).await.unwrap().len()
}

/// The revision that a search would read first.
async fn revision(store: &Store, gallery: &Gallery) -> i64 {
    let found = store.gallery(gallery.project, gallery.id).await.unwrap();
    found.unwrap().revision
}

async fn a_gallery_is_found_by_name_and_by_identifier_in_its_project_alone(fixture: &Fixture) {
    let store = &fixture.store;
    let (bank, other) = (
        fixture.project("bank").await,
        fixture.project("other").await,
    );
    let staff = make(store, bank, "staff").await;
    make(store, other, "staff").await;

    let named = store
        .gallery_by_name(bank, GalleryKind::Named, "staff")
        .await;
    assert_eq!(named.unwrap().as_ref(), Some(&staff));
    assert_eq!(
        store.gallery(bank, staff.id).await.unwrap(),
        Some(staff.clone())
    );
    assert_eq!(store.gallery(other, staff.id).await.unwrap(), None);
    let taken = store.create_gallery(&gallery(bank, "staff"), None).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists { .. })));
    assert_eq!(store.usage(bank).await.unwrap().galleries, 1);
    assert!(
        store
            .delete_gallery(&staff, NOW, emptied(staff.project))
            .await
            .unwrap()
    );
    assert!(
        !store
            .delete_gallery(&staff, NOW, emptied(staff.project))
            .await
            .unwrap()
    );
    assert_eq!(store.usage(bank).await.unwrap().galleries, 0);
    assert_eq!(store.galleries(other).await.unwrap().len(), 1);
}

async fn an_enrolment_reads_back_to_the_last_bit(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let asked = enrolment(&staff, "ana", &[0.1, -0.7, 1e-20, 0.3]);
    let subject = store.enrol(asked.clone()).await.unwrap();

    assert_eq!(subject, asked.subject);
    let found = store.subject_in(staff.id, "ana").await.unwrap();
    assert_eq!(found, Some(subject.clone()));
    assert_eq!(store.subject_in(staff.id, "Ana").await.unwrap(), None);
    let faces = store.faces(&[subject.id]).await.unwrap();
    assert_eq!(faces, [asked.faces[0].face.clone()]);
    let picture = store.enrolled_picture(staff.project, faces[0].id).await;
    assert_eq!(picture.unwrap().as_deref(), Some(&b"a picture"[..]));
    let page = People {
        gallery: staff.id,
        skip: 0,
        take: 10,
    };
    assert_eq!(store.people(&page).await.unwrap(), [subject]);
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 1);
    let reopened = fixture.open_again().await;
    assert!(
        reopened
            .subject_in(staff.id, "ana")
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_label_that_is_taken_is_refused_added_to_or_replaced(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let ana = store
        .enrol(enrolment(&staff, "ana", &[1.0, 0.0]))
        .await
        .unwrap();
    let first = store.faces(&[ana.id]).await.unwrap().remove(0);

    let refuse = Enrolment {
        when_taken: WhenTaken::Refuse,
        ..enrolment(&staff, "ana", &[0.0, 1.0])
    };
    let refused = store.enrol(refuse).await;
    assert!(matches!(refused, Err(StoreError::AlreadyExists { .. })));
    assert_eq!(faces_of(store, ana.id).await, 1);

    let mut add = enrolment(&staff, "ana", &[0.0, 1.0]);
    add.subject.name = String::new();
    let again = store.enrol(add).await.unwrap();
    assert_eq!((again.id, again.name.as_str()), (ana.id, "Ana"));
    assert_eq!(faces_of(store, ana.id).await, 2);

    let mut replace = enrolment(&staff, "ana", &[0.6, 0.8]);
    replace.when_taken = WhenTaken::Replace;
    "Ana B".clone_into(&mut replace.subject.name);
    let replaced = store.enrol(replace.clone()).await.unwrap();
    assert_eq!((replaced.id, replaced.name.as_str()), (ana.id, "Ana B"));
    let kept = store.faces(&[ana.id]).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].template, replace.faces[0].face.template);
    let gone = store
        .enrolled_picture(staff.project, first.id)
        .await
        .unwrap();
    assert_eq!(gone, None, "the replaced picture is deleted");
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 1);
}

async fn enrolments_at_once_lose_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let rush: Vec<_> = (0..20)
        .map(|number| {
            let (store, asked) = (
                store.clone(),
                enrolment(&staff, "ana", &[1.0, number as f32]),
            );
            tokio::spawn(async move { store.enrol(asked).await.unwrap().id })
        })
        .collect();
    let mut whose = BTreeSet::new();
    for one in rush {
        whose.insert(one.await.unwrap());
    }
    assert_eq!(whose.len(), 1, "one person");
    assert_eq!(faces_of(store, *whose.first().unwrap()).await, 20);
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 20);
    assert_eq!(store.count_subjects(staff.id).await.unwrap(), 1);
}

async fn who_leaves_the_last_gallery_is_gone_with_every_picture(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let ana = store
        .enrol(enrolment(&staff, "ana", &[1.0, 0.0]))
        .await
        .unwrap();
    let face = store.faces(&[ana.id]).await.unwrap().remove(0);

    let left = store
        .leave_gallery(staff.project, leaving(&staff, ana.id), |_| {
            deleted(staff.project)
        })
        .await;
    assert!(left.unwrap());
    assert_eq!(store.subjects(&[ana.id]).await.unwrap(), []);
    assert_eq!(faces_of(store, ana.id).await, 0);
    for blob in [
        store.enrolled_picture(staff.project, face.id).await,
        store.enrolled_thumbnail(staff.project, face.id).await,
    ] {
        assert_eq!(blob.unwrap(), None);
    }
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 0);
    let again = store
        .leave_gallery(staff.project, leaving(&staff, ana.id), |_| {
            deleted(staff.project)
        })
        .await;
    assert!(!again.unwrap());
    assert!(
        fixture
            .open_again()
            .await
            .subject_in(staff.id, "ana")
            .await
            .unwrap()
            .is_none()
    );
}

async fn who_is_in_two_galleries_leaves_one_and_stays_in_the_other(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (staff, guests) = (
        make(store, project, "staff").await,
        make(store, project, "guests").await,
    );
    let ana = store
        .enrol(enrolment(&staff, "ana", &[1.0, 0.0]))
        .await
        .unwrap();
    store
        .join_gallery(project, guests.id, &ana, NOW)
        .await
        .unwrap();
    store
        .join_gallery(project, guests.id, &ana, NOW)
        .await
        .unwrap();
    assert_eq!(
        store.galleries_of(ana.id).await.unwrap(),
        [staff.id, guests.id]
    );

    store
        .delete_gallery(&staff, NOW, emptied(staff.project))
        .await
        .unwrap();
    assert_eq!(store.galleries_of(ana.id).await.unwrap(), [guests.id]);
    assert_eq!(faces_of(store, ana.id).await, 1);
    assert!(delete(store, project, ana.id).await);
    assert_eq!(store.subjects(&[ana.id]).await.unwrap(), []);
}

async fn a_search_is_told_what_came_and_went(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let ana = store
        .enrol(enrolment(&staff, "ana", &[1.0, 0.0]))
        .await
        .unwrap();
    let seen = revision(store, &staff).await;
    let (all, last) = store.faces_after(staff.id, None).await.unwrap();
    assert_eq!((all.len(), last), (1, None));

    let ben = store
        .enrol(enrolment(&staff, "ben", &[0.0, 1.0]))
        .await
        .unwrap();
    store
        .leave_gallery(staff.project, leaving(&staff, ana.id), |_| {
            deleted(staff.project)
        })
        .await
        .unwrap();
    let now = revision(store, &staff).await;
    match store.changes_since(staff.id, seen, now).await.unwrap() {
        CatchUp::Changes { present, gone } => {
            assert_eq!(present.len(), 1);
            assert_eq!(present[0].subject, ben.id);
            assert_eq!(gone, [all[0].id]);
        }
        CatchUp::Anew => panic!("two changes are few"),
    }
    match store.changes_since(staff.id, now, now).await.unwrap() {
        CatchUp::Changes { present, gone } => {
            assert!(present.is_empty() && gone.is_empty());
        }
        CatchUp::Anew => panic!("nothing happened"),
    }
    let far = store.changes_since(staff.id, 0, 1_000_000).await.unwrap();
    assert!(matches!(far, CatchUp::Anew));
}

async fn quotas_hold_under_a_rush(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let rush: Vec<_> = (0..12)
        .map(|number| {
            let asked = Enrolment {
                limit: Some(5),
                ..enrolment(&staff, &format!("p{number}"), &[1.0, 0.0])
            };
            let store = store.clone();
            tokio::spawn(async move { store.enrol(asked).await })
        })
        .collect();
    let mut enrolled = 0;
    for one in rush {
        match one.await.unwrap() {
            Ok(_) => enrolled += 1,
            Err(StoreError::QuotaReached { what }) => assert_eq!(what, "faces"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(enrolled, 5);
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 5);
    assert_eq!(store.count_subjects(staff.id).await.unwrap(), 5);
    let first = store
        .create_gallery(&gallery(staff.project, "b"), Some(1))
        .await;
    assert!(matches!(
        first,
        Err(StoreError::QuotaReached { what: "galleries" })
    ));
}

async fn a_refused_enrolment_leaves_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let nowhere = Enrolment {
        galleries: vec![GalleryId(Uuid::now_v7())],
        ..enrolment(&staff, "ana", &[1.0, 0.0])
    };
    let face = nowhere.faces[0].face.id;
    assert!(store.enrol(nowhere).await.is_err());
    let crowded = Enrolment {
        max_faces: 0,
        ..enrolment(&staff, "ana", &[1.0, 0.0])
    };
    let other = crowded.faces[0].face.id;
    let refused = store.enrol(crowded).await;
    assert!(matches!(
        refused,
        Err(StoreError::TooManyFaces { limit: 0 })
    ));
    assert_eq!(store.subject_in(staff.id, "ana").await.unwrap(), None);
    assert_eq!(store.usage(staff.project).await.unwrap().faces, 0);
    for face in [face, other] {
        let picture = store.enrolled_picture(staff.project, face).await.unwrap();
        assert_eq!(picture, None);
    }
}

async fn the_counter_of_calls_equals_the_log(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let call = || CallRecord {
        id: CallId(Uuid::now_v7()),
        at: NOW,
        dialect: "risetai".to_owned(),
        endpoint: "POST /x".to_owned(),
        reference: None,
        outcome: None,
    };
    let mut refused = 0;
    let rush: Vec<_> = (0..10)
        .map(|_| {
            let (store, call) = (store.clone(), call());
            tokio::spawn(async move {
                let begun = store.begin_call(project, &call, Some(7)).await;
                if begun.is_ok() {
                    store.end_call(call.id, "200", Some("trx-1")).await.unwrap();
                }
                begun
            })
        })
        .collect();
    for one in rush {
        match one.await.unwrap() {
            Ok(()) => {}
            Err(StoreError::QuotaReached { what: "calls" }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 3);
    assert_eq!(store.usage(project).await.unwrap().calls, 7);
    assert_eq!(store.count_calls(project).await.unwrap(), 7);
    let found = store.calls(project, Some("trx-1"), 100).await.unwrap();
    assert_eq!(found.len(), 7);
    assert!(
        found
            .iter()
            .all(|call| call.outcome.as_deref() == Some("200"))
    );
    assert_eq!(store.calls(project, Some("trx-2"), 100).await.unwrap(), []);
}

async fn a_replaced_template_is_told_to_every_search(fixture: &Fixture) {
    let store = &fixture.store;
    let staff = make(store, fixture.project("bank").await, "staff").await;
    let ana = store
        .enrol(enrolment(&staff, "ana", &[1.0, 0.0]))
        .await
        .unwrap();
    let face = store.faces(&[ana.id]).await.unwrap().remove(0);
    let seen = revision(store, &staff).await;
    let newer = Template::new("newer", vec![0.0, 1.0, 0.0]).unwrap();
    assert!(
        store
            .replace_template(staff.project, &face, &newer, NOW)
            .await
            .unwrap()
    );
    let now = revision(store, &staff).await;
    match store.changes_since(staff.id, seen, now).await.unwrap() {
        CatchUp::Changes { present, gone } => {
            assert_eq!(gone, []);
            assert_eq!(present[0].id, face.id);
            assert_eq!(present[0].template, newer);
        }
        CatchUp::Anew => panic!("one change is few"),
    }
    assert!(delete(store, staff.project, ana.id).await);
    assert!(
        !store
            .replace_template(staff.project, &face, &newer, NOW)
            .await
            .unwrap()
    );
}

async fn changes_of_several_galleries_do_not_wait_for_each_other(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let one = make(store, project, "one").await;
    let other = make(store, project, "other").await;
    let rush: Vec<_> = (0..24)
        .map(|number| {
            let (first, second) = if number % 2 == 0 {
                (&one, &other)
            } else {
                (&other, &one)
            };
            let asked = Enrolment {
                galleries: vec![first.id, second.id],
                ..enrolment(first, &format!("p{number}"), &[1.0, 0.0])
            };
            let store = store.clone();
            tokio::spawn(async move {
                let person = store.enrol(asked).await.unwrap();
                delete(&store, project, person.id).await
            })
        })
        .collect();
    for one in rush {
        assert!(one.await.unwrap());
    }
    assert_eq!(store.usage(project).await.unwrap().faces, 0);
}

async fn who_comes_from_a_held_session_stays_as_long_as_it_is_held(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let staff = make(store, project, "staff").await;
    let session = fixture.session(project).await;
    let ana = Enrolment {
        session: Some(session.id),
        ..enrolment(&staff, "ana", &[1.0, 0.0])
    };
    let ana = store.enrol(ana).await.unwrap().id;
    let told = entry(project, AuditAction::SessionHeld, "");
    store.hold_session(session.id, &told).await.unwrap();

    let later = NOW.plus(1);
    let expired = async || store.expired_people(project, later, 9).await.unwrap();
    assert_eq!(expired().await, []);
    let passed_over = expire(store, project, ana, later).await.unwrap();
    assert!(passed_over.is_none());
    let all = Erasure::of_people(project, vec![ana], NOW);
    let refused = store.erase(all, move |_, _| vec![deleted(project)]).await;
    assert!(matches!(refused, Err(StoreError::Held)), "{refused:?}");
    let left = store
        .leave_gallery(project, leaving(&staff, ana), |_| deleted(project))
        .await;
    assert!(matches!(left, Err(StoreError::Held)), "{left:?}");
    let refused = store.delete_gallery(&staff, NOW, emptied(project)).await;
    assert!(matches!(refused, Err(StoreError::Held)), "{refused:?}");
    assert_eq!(faces_of(store, ana).await, 1);
    assert!(store.subject_in(staff.id, "ana").await.unwrap().is_some());

    store.release_session(session.id, &told).await.unwrap();
    assert_eq!(expired().await, [ana]);
    let gone = expire(store, project, ana, later).await.unwrap();
    assert!(gone.is_some());
    assert_eq!(faces_of(store, ana).await, 0);
}

async fn who_was_touched_meanwhile_does_not_expire(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let staff = make(store, project, "staff").await;
    let ana = enrolment(&staff, "ana", &[1.0, 0.0]);
    let ana = store.enrol(ana).await.unwrap().id;
    let since = NOW.plus(10);
    assert_eq!(
        store.expired_people(project, since, 9).await.unwrap(),
        [ana]
    );
    let described = store.describe_subject(ana, "Ana Maria", None, since).await;
    described.unwrap();
    let passed_over = expire(store, project, ana, since).await.unwrap();
    assert!(passed_over.is_none());
    assert_eq!(faces_of(store, ana).await, 1);
    let gone = expire(store, project, ana, since.plus(1)).await.unwrap();
    assert!(gone.is_some());
}

/// Erases a person to whom nothing happened since a moment.
async fn expire(
    store: &Store,
    project: ProjectId,
    person: SubjectId,
    since: Timestamp,
) -> Result<Option<Receipt>, StoreError> {
    let erasure = Erasure {
        untouched_since: Some(since),
        ..Erasure::of_people(project, vec![person], NOW)
    };
    store
        .erase(erasure, move |_, _| vec![deleted(project)])
        .await
}

fn deleted(project: ProjectId) -> AuditEntry {
    entry(project, AuditAction::PersonErased, "")
}

fn leaving(gallery: &Gallery, subject: SubjectId) -> Leaving {
    Leaving {
        gallery: gallery.id,
        subject,
        now: NOW,
    }
}

/// Deletes a person, out of every gallery; tells whether they were there.
async fn delete(store: &Store, project: ProjectId, person: SubjectId) -> bool {
    let erasure = Erasure::of_people(project, vec![person], NOW);
    let told = move |_: &Gone, _: &Receipt| vec![deleted(project)];
    store.erase(erasure, told).await.unwrap().is_some()
}

fn emptied(project: ProjectId) -> impl FnOnce(u64, Option<&Receipt>) -> AuditEntry + Send {
    move |_, _| entry(project, AuditAction::GalleryErased, "")
}

async fn nobody_is_enrolled_from_a_session_that_was_erased_meanwhile(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let staff = make(store, project, "staff").await;
    let session = fixture.session(project).await;
    let from_session = |label| Enrolment {
        session: Some(session.id),
        ..enrolment(&staff, label, &[1.0, 0.0])
    };
    store.enrol(from_session("ana")).await.unwrap();
    let pictures = fixture.blob_files().len();

    let erasure = Erasure::of_session(project, session.id, NOW);
    let told = move |_: &Gone, _: &Receipt| vec![entry(project, AuditAction::SessionErased, "")];
    assert!(store.erase(erasure, told).await.unwrap().is_some());
    let refused = store.enrol(from_session("ben")).await;
    assert!(matches!(refused, Err(StoreError::Erased)));
    assert_eq!(fixture.blob_files().len(), pictures);
}
