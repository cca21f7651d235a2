//! Who may be on the way to an answer that is given at once: as many as are answered promptly, and no more.
//!
//! Whoever waits for an answer is better told to come back than kept waiting behind others: were all let in,
//! everybody would wait for everybody. Work that is answered later has its queue instead.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::operations::error::Error;
use crate::session::ids::ExaminationId;

/// So many places; whoever finds none is told to come back.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(
            count.clamp(1, Semaphore::MAX_PERMITS),
        )))
    }

    /// A place until it is dropped.
    pub(crate) fn take(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.0.clone().try_acquire_owned().map_err(|_| Error::Busy)
    }

    /// Says so before a body is read where there is no place now.
    pub(crate) fn refuse_when_taken(&self) -> Result<(), Error> {
        match self.0.available_permits() {
            0 => Err(Error::Busy),
            _ => Ok(()),
        }
    }
}

/// The place of one call: taken with its first picture and kept to the call's end, so that a call is
/// never turned away half-way.
#[derive(Clone, Default)]
pub struct CallPlace(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl fmt::Debug for CallPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallPlace(…)")
    }
}

impl CallPlace {
    /// Takes a place, where the call has none yet.
    pub(crate) fn take(&self, places: &Places) -> Result<(), Error> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            *place = Some(places.take()?);
        }
        Ok(())
    }
}

/// The examinations whose callers wait for them in this process: a worker takes them before those that
/// nobody waits for, by turns, so that neither keeps the other from ever being examined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awaited(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    examinations: BTreeSet<ExaminationId>,
    others_next: bool,
}

impl Awaited {
    /// Somebody waits for it until what comes back is dropped.
    pub(crate) fn wait_for(&self, id: ExaminationId) -> Waiting {
        self.with(|inner| inner.examinations.insert(id));
        Waiting {
            awaited: self.clone(),
            id,
        }
    }

    /// Those to be taken first now, the longest waiting first: none where it is the others' turn.
    pub(crate) fn next(&self) -> Vec<ExaminationId> {
        self.with(|inner| {
            inner.others_next = !inner.others_next && !inner.examinations.is_empty();
            if inner.others_next {
                // Identifiers are of their time.
                inner.examinations.iter().copied().collect()
            } else {
                Vec::new()
            }
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody waits for an examination.
#[derive(Debug)]
pub(crate) struct Waiting {
    awaited: Awaited,
    id: ExaminationId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.awaited
            .with(|inner| inner.examinations.remove(&self.id));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_call_takes_one_place_however_many_pictures_it_has() {
        let places = Places::new(1);
        let (one, other) = (CallPlace::default(), CallPlace::default());
        assert!(one.take(&places).is_ok());
        assert!(one.take(&places).is_ok());
        assert!(matches!(other.take(&places), Err(Error::Busy)));
        assert!(matches!(places.refuse_when_taken(), Err(Error::Busy)));
        drop(one);
        assert!(other.take(&places).is_ok());
    }

    #[test]
    fn who_is_waited_for_and_who_is_not_take_turns() {
        let awaited = Awaited::default();
        let ids = [1, 2].map(|number| ExaminationId(Uuid::from_u128(number)));
        assert!(awaited.next().is_empty());
        let waiting = ids.map(|id| awaited.wait_for(id));
        assert_eq!(awaited.next(), ids);
        assert!(awaited.next().is_empty(), "the others' turn");
        assert_eq!(awaited.next(), ids);
        drop(waiting);
        assert!(awaited.next().is_empty());
        assert!(awaited.next().is_empty());
    }
}
