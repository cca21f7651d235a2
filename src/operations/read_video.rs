//! Reads the video that came in for a session, part by part, as players ask for it.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::evidence::{Evidence, EvidenceKind};
use crate::session::ids::{EvidenceId, SessionId};
use crate::session::project::Scope;
use crate::session::time::Timestamp;

/// Most bytes of one part, whatever is asked for: so much lies in memory for each reader.
pub const LONGEST_PART: u64 = 2 << 20;

/// Who began to watch within this time goes on watching: their further parts leave no rows.
const VIEWING_MS: i64 = 60 * 60 * 1000;

/// A part of a video. Its `Debug` shows no byte of it.
pub struct VideoPart {
    pub media_type: String,
    /// Bytes of the whole video.
    pub total: u64,
    /// Where the part begins.
    pub first: u64,
    /// Not all that was asked for, where that is more than [`LONGEST_PART`].
    pub bytes: Vec<u8>,
}

impl VideoPart {
    /// Where the part that follows begins: at `total` after the last one.
    pub fn end(&self) -> u64 {
        self.first + self.bytes.len() as u64
    }
}

impl fmt::Debug for VideoPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VideoPart({} bytes from {} of {}, {})",
            self.bytes.len(),
            self.first,
            self.total,
            self.media_type
        )
    }
}

impl Operations {
    /// The part of the session's newest video from one byte on, to another (which is part of it) or to the end;
    /// without a range from its start on. No part is longer than [`LONGEST_PART`]: who wants more asks for what
    /// follows.
    ///
    /// Who begins to watch is on record before they do: each part from the first byte leaves a row, and one
    /// from further on does where the caller has not begun within the last hour.
    pub async fn read_video(
        &self,
        caller: &Caller,
        session: SessionId,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<VideoPart, Error> {
        caller.require(Scope::Read)?;
        let missing = || Error::NotFound { what: "video" };
        // Erased is gone, even where a file could not be deleted yet.
        if self
            .find_session(caller, session)
            .await?
            .erased_at
            .is_some()
        {
            return Err(missing());
        }
        let video = self
            .store
            .latest_evidence(session, EvidenceKind::Video)
            .await?
            .ok_or_else(missing)?;
        let part = part_of(video.bytes, range)?;
        let bytes = self
            .store
            .get_blob_part(&video.blob, part.clone())
            .await?
            .ok_or_else(missing)?;
        self.record_viewing(caller, &video, part.start).await?;
        Ok(VideoPart {
            media_type: video.media_type,
            total: video.bytes,
            first: part.start,
            bytes,
        })
    }

    async fn record_viewing(
        &self,
        caller: &Caller,
        video: &Evidence,
        first: u64,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let viewing = (caller.actor(), video.id);
        if first > 0 && self.viewings.goes_on(viewing, now) {
            return Ok(());
        }
        let deed = Deed {
            action: AuditAction::EvidenceRead,
            target: video.session.to_string(),
            details: json!({"video": video.id.to_string()}),
        };
        let entry = self.audit_entry(caller.project.id, caller.actor(), deed);
        self.store.record(&entry).await?;
        self.viewings.begin(viewing, now);
        Ok(())
    }
}

/// Which bytes are read of so many.
fn part_of(total: u64, range: Option<(u64, Option<u64>)>) -> Result<Range<u64>, Error> {
    let (first, last) = match range {
        Some((first, Some(last))) => (first, last),
        Some((first, None)) => (first, u64::MAX),
        None => (0, u64::MAX),
    };
    if first >= total || last < first {
        return Err(Error::OutOfRange { total });
    }
    let end = last.saturating_add(1).min(total);
    Ok(first..end.min(first.saturating_add(LONGEST_PART)))
}

/// Who began to watch which video, and when. Another process knows nothing of it, and writes a row
/// too many.
#[derive(Clone, Default)]
pub(crate) struct Viewings(Arc<Mutex<HashMap<(Actor, EvidenceId), Timestamp>>>);

impl Viewings {
    fn begin(&self, viewing: (Actor, EvidenceId), now: Timestamp) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, at| is_fresh(*at, now));
        begun.insert(viewing, now);
    }

    fn goes_on(&self, viewing: (Actor, EvidenceId), now: Timestamp) -> bool {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(&viewing).is_some_and(|at| is_fresh(*at, now))
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.0 < at.plus(VIEWING_MS).0
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_part_lies_within_the_video_and_is_never_too_long() {
        const LONG: u64 = 5 * LONGEST_PART;
        for (total, range, part) in [
            (10, None, 0..10),
            (10, Some((0, None)), 0..10),
            (10, Some((3, None)), 3..10),
            (10, Some((3, Some(3))), 3..4),
            (10, Some((9, Some(9))), 9..10),
            (10, Some((3, Some(99))), 3..10),
            (10, Some((0, Some(u64::MAX))), 0..10),
            (LONG, None, 0..LONGEST_PART),
            (LONG, Some((7, None)), 7..LONGEST_PART + 7),
            (LONG, Some((0, Some(LONG))), 0..LONGEST_PART),
            (LONG, Some((LONG - 1, None)), LONG - 1..LONG),
        ] {
            assert_eq!(part_of(total, range).unwrap(), part, "{range:?} of {total}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused_with_the_length() {
        for (total, range) in [
            (10, Some((10, None))),
            (10, Some((u64::MAX, None))),
            (10, Some((11, Some(12)))),
            (10, Some((5, Some(4)))),
            (0, Some((0, None))),
            (0, None),
        ] {
            let refused = part_of(total, range);
            assert!(
                matches!(refused, Err(Error::OutOfRange { total: said }) if said == total),
                "{range:?} of {total}"
            );
        }
    }

    #[test]
    fn a_viewing_is_one_callers_of_one_video_and_ends() {
        let viewings = Viewings::default();
        let (one, other) = (EvidenceId(Uuid::now_v7()), EvidenceId(Uuid::now_v7()));
        let start = Timestamp(1_000);
        viewings.begin((Actor::Operator, one), start);
        let last = start.plus(VIEWING_MS - 1);
        assert!(viewings.goes_on((Actor::Operator, one), last));
        assert!(!viewings.goes_on((Actor::Operator, other), last));
        assert!(!viewings.goes_on((Actor::Service, one), last));
        assert!(!viewings.goes_on((Actor::Operator, one), start.plus(VIEWING_MS)));
        viewings.begin((Actor::Operator, other), start.plus(VIEWING_MS));
        assert_eq!(
            viewings.0.lock().unwrap().len(),
            1,
            "what is over is forgotten"
        );
    }
}
