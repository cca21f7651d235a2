//! Pages through galleries and people: found by a text, in an order, a part at a time.

use serde_json::Value;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::operations::manage_galleries::GalleryRef;
use crate::session::gallery::{Gallery, Subject};
use crate::session::project::Scope;

/// Entries of one page at most.
pub const MOST_ENTRIES: u64 = 1_000;

/// Which part of a list is wanted, and in which direction it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub skip: u64,
    /// Up to [`MOST_ENTRIES`].
    pub take: u64,
    pub descending: bool,
    /// Part of a name or an identifier, in whatever case.
    pub search: Option<String>,
}

/// What people are ordered by; who has no such value comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleOrder {
    Name,
    Created,
    Updated,
    /// A key of the details that holds a text.
    Detail(&'static str),
}

/// A part of a list, and how much there is altogether.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    pub count: u64,
    pub entries: Vec<T>,
}

impl Operations {
    /// The project's galleries by name, each with the number of its people.
    pub async fn browse_galleries(
        &self,
        caller: &Caller,
        page: &Page,
    ) -> Result<Listed<(Gallery, u64)>, Error> {
        let mut found = self.list_galleries(caller).await?;
        found.retain(|(gallery, _)| page.finds(&[&gallery.name, &gallery.description]));
        found.sort_by_cached_key(|(gallery, _)| (gallery.name.to_lowercase(), gallery.id));
        Ok(page.cut(found))
    }

    /// One gallery with the number of its people.
    pub async fn read_gallery(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
    ) -> Result<(Gallery, u64), Error> {
        caller.require(Scope::Read)?;
        let gallery = self.find_gallery(caller, gallery).await?;
        let people = self.count_people(&gallery).await?;
        Ok((gallery, people))
    }

    /// The people of a gallery.
    pub async fn browse_people(
        &self,
        caller: &Caller,
        gallery: &GalleryRef,
        order: &PeopleOrder,
        page: &Page,
    ) -> Result<Listed<Subject>, Error> {
        let everybody = i64::MAX as u64;
        let mut found = self.list_people(caller, gallery, 0, everybody).await?;
        found.retain(|subject| page.finds(&[&subject.name, &subject.label]));
        found.sort_by_cached_key(|subject| (order.key(subject), subject.id));
        Ok(page.cut(found))
    }
}

impl Page {
    fn finds(&self, texts: &[&str]) -> bool {
        self.search.as_deref().is_none_or(|wanted| {
            let wanted = wanted.to_lowercase();
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted))
        })
    }

    fn cut<T>(&self, mut found: Vec<T>) -> Listed<T> {
        let count = found.len() as u64;
        if self.descending {
            found.reverse();
        }
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        let take = self.take.min(MOST_ENTRIES) as usize;
        Listed {
            count,
            entries: found.into_iter().skip(skip).take(take).collect(),
        }
    }
}

impl PeopleOrder {
    fn key(&self, subject: &Subject) -> (i64, String) {
        match self {
            Self::Name => (0, subject.name.to_lowercase()),
            Self::Created => (subject.created_at.0, String::new()),
            Self::Updated => (subject.updated_at.0, String::new()),
            Self::Detail(key) => {
                let value = subject.details.as_ref().and_then(|all| all.get(*key));
                let text = value.and_then(Value::as_str).unwrap_or_default();
                (0, text.to_lowercase())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_part_in_either_direction() {
        let page = Page {
            skip: 1,
            take: 2,
            ..Page::default()
        };
        let listed = page.cut(vec![1, 2, 3, 4]);
        assert_eq!((listed.count, listed.entries), (4, vec![2, 3]));
        let backwards = Page {
            descending: true,
            ..page
        };
        assert_eq!(backwards.cut(vec![1, 2, 3, 4]).entries, [3, 2]);
    }
}
