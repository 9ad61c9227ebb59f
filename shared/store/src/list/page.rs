//! The ends of a list's reading: what is asked for, and what is given out.

use crate::{StoreError, cursor::Cursor};

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many, 1 to 100.
    pub limit: u32,
    /// How many to pass over first, 0 to 1,000. Not used with a cursor.
    pub offset: u32,
    /// `next_cursor` of an earlier page.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// How many the whole list has.
    pub total: u64,
    /// Whether `total` stopped counting at its bound.
    pub total_is_capped: bool,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of a list that is short enough to be read whole: keys, domains, rules. `items` come oldest first, by the
    /// `place` that orders them; `list` names the workspace, the kind and the filters for the cursors.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidCursor`].
    pub fn of_few(
        items: Vec<T>,
        list: &str,
        request: &PageRequest,
        place: impl Fn(&T) -> String,
    ) -> Result<Self, StoreError> {
        let start = Start::of(request, list)?;
        let total = items.len() as u64;
        let read =
            Read { items: items.into_iter().rev().filter(|item| start.is_before(&place(item))).collect(), rest: None };
        Ok(read.page(list, &start, &place, (total, false)))
    }

    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, total, total_is_capped, next_cursor } = self;
        Page { items: items.into_iter().map(f).collect(), total, total_is_capped, next_cursor }
    }
}

/// Where a page starts.
pub(super) struct Start {
    pub(super) after: Option<String>,
    skip: usize,
    /// How many items are needed to give out the page, those passed over included.
    pub(super) wanted: usize,
}

impl Start {
    pub(super) fn of(request: &PageRequest, list: &str) -> Result<Self, StoreError> {
        let (after, skip) = match &request.cursor {
            None => (None, request.offset),
            Some(text) => {
                let Cursor { place, skip } = Cursor::decode(text, list)?;
                (Some(place), skip)
            }
        };
        let skip = skip as usize;
        Ok(Self { after, skip, wanted: skip.saturating_add(request.limit as usize) })
    }

    /// Whether an item that stands there is behind the start.
    pub(super) fn is_before(&self, place: &str) -> bool {
        self.after.as_deref().is_none_or(|after| place < after)
    }
}

/// What was read of a list: at least one more than is wanted, if there are that many, and where reading ended unless the
/// list did.
pub(super) struct Read<T> {
    pub(super) items: Vec<T>,
    pub(super) rest: Option<String>,
}

impl<T> Read<T> {
    pub(super) fn page(self, list: &str, start: &Start, place: impl Fn(&T) -> String, total: (u64, bool)) -> Page<T> {
        let Self { mut items, rest } = self;
        let next = if items.len() > start.wanted {
            items.truncate(start.wanted);
            items.last().map(|last| Cursor { place: place(last), skip: 0 })
        } else {
            let left = u32::try_from(start.skip.saturating_sub(items.len())).unwrap_or(u32::MAX);
            rest.map(|place| Cursor { place, skip: left })
        };
        let next_cursor = next.map(|cursor| cursor.encode(list));
        let seen = items.len() as u64 + u64::from(next_cursor.is_some());
        // A counter may follow by moments; what was just seen is the least there can be.
        let total = if start.after.is_none() { (total.0.max(seen), total.1) } else { total };
        Page {
            items: items.into_iter().skip(start.skip).collect(),
            total: total.0,
            total_is_capped: total.1,
            next_cursor,
        }
    }
}
