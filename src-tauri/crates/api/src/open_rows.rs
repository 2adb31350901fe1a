//! Lists of rows that somebody looks at, and the pages that are being read of them.

use crate::error::code;
use crate::wire::ErrorView;
use firn_connector::{ErrorKind, RowList, Target as _};
use firn_duckdb::DuckdbTarget;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most lists kept; the one that was made first goes where there is one more.
const MOST_LISTS: usize = 8;
/// How long nobody reads a warehouse until its file is left to others.
const REST: Duration = Duration::from_secs(1);

/// Rows of one table that are looked at.
pub(crate) struct OpenList {
    pub(crate) rows: Box<dyn RowList>,
    /// The warehouse they are in, with how its file looked when they were listed.
    warehouse: Option<(Arc<DuckdbTarget>, Option<String>)>,
    reading: Mutex<HashMap<u64, CancellationToken>>,
    /// Counts what is read, so that who rests can tell whether somebody has begun again.
    uses: AtomicU64,
}

impl OpenList {
    /// Makes a list of rows.
    pub(crate) fn new(rows: Box<dyn RowList>, warehouse: Option<Arc<DuckdbTarget>>) -> Self {
        let stamped = |target: Arc<DuckdbTarget>| {
            let stamp = target.stamp();
            (target, stamp)
        };
        Self { rows, warehouse: warehouse.map(stamped), reading: Mutex::default(), uses: AtomicU64::new(0) }
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CancellationToken>> {
        // The map is whole at every moment, whoever panicked.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that rows stand where they stood when they were listed.
    ///
    /// # Errors
    /// `stale` where the warehouse was written to since.
    pub(crate) fn check(&self) -> Result<(), ErrorView> {
        match &self.warehouse {
            Some((target, stamp)) if target.stamp() != *stamp => Err(ErrorView::stale()),
            _ => Ok(()),
        }
    }

    /// Does what can be given up by its number.
    ///
    /// # Errors
    /// `cancelled` where it was.
    pub(crate) async fn stoppable<T>(&self, turn: u64, work: impl Future<Output = T>) -> Result<T, ErrorView> {
        let token = CancellationToken::new();
        self.reading().insert(turn, token.clone());
        self.uses.fetch_add(1, Ordering::SeqCst);
        let done = tokio::select! {
            biased;
            () = token.cancelled() => None,
            done = work => Some(done),
        };
        self.reading().remove(&turn);
        done.ok_or_else(|| ErrorView::cancelled("the page was given up"))
    }

    /// Gives up pages; returns how many were being read.
    pub(crate) fn cancel(&self, turns: &[u64]) -> usize {
        let reading = self.reading();
        turns.iter().filter_map(|turn| reading.get(turn)).map(CancellationToken::cancel).count()
    }

    fn cancel_all(&self) -> usize {
        let reading = self.reading();
        reading.values().for_each(CancellationToken::cancel);
        reading.len()
    }

    /// Leaves the warehouse's file to other processes once nobody has read for a while.
    pub(crate) fn rest(self: &Arc<Self>) {
        if self.warehouse.is_none() {
            return;
        }
        let list = Arc::clone(self);
        let uses = list.uses.load(Ordering::SeqCst);
        tokio::spawn(async move {
            tokio::time::sleep(REST).await;
            if list.uses.load(Ordering::SeqCst) == uses && list.reading().is_empty() {
                list.leave().await;
            }
        });
    }

    async fn leave(&self) {
        if let Some((target, _)) = &self.warehouse
            && let Err(error) = target.close().await
        {
            tracing::warn!(error = %error.chain(), "the warehouse was not closed after its rows were read");
        }
    }
}

impl ErrorView {
    /// Makes the error of rows that may not stand any more where they were listed.
    fn stale() -> Self {
        Self { code: "stale".to_owned(), ..Self::other("the warehouse was written to since its rows were listed") }
            .with_hint("list them again")
    }

    fn cancelled(message: &str) -> Self {
        Self { code: code(ErrorKind::Cancelled).to_owned(), ..Self::other(message) }
    }
}

/// All lists of this process, by name.
#[derive(Default)]
pub(crate) struct OpenRows {
    lists: Mutex<BTreeMap<u64, Arc<OpenList>>>,
    made: AtomicU64,
}

impl OpenRows {
    fn lists(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<OpenList>>> {
        // The map is whole at every moment, whoever panicked.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a list and returns its name. Where there are too many, the oldest goes: whoever made it has gone, too, or
    /// is told that it has.
    pub(crate) fn keep(&self, list: Arc<OpenList>) -> String {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let mut lists = self.lists();
        lists.insert(number, list);
        while lists.len() > MOST_LISTS
            && let Some((_, oldest)) = lists.pop_first()
        {
            oldest.cancel_all();
        }
        number.to_string()
    }

    /// Returns a list by its name.
    ///
    /// # Errors
    /// `stale` where it is not kept any more.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<OpenList>, ErrorView> {
        let list = name.parse().ok().and_then(|number: u64| self.lists().get(&number).cloned());
        list.ok_or_else(|| ErrorView { message: "these rows are not listed any more".to_owned(), ..ErrorView::stale() })
    }

    /// Forgets a list; returns how many of its pages were being read.
    pub(crate) async fn close(&self, name: &str) -> usize {
        let list = name.parse().ok().and_then(|number: u64| self.lists().remove(&number));
        let Some(list) = list else { return 0 };
        let pages = list.cancel_all();
        list.leave().await;
        pages
    }

    /// Forgets all lists.
    pub(crate) async fn close_all(&self) {
        let lists = std::mem::take(&mut *self.lists());
        for list in lists.into_values() {
            list.cancel_all();
            list.leave().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use firn_connector::{Result, RowsColumn, RowsPage, RowsPageBuilder};

    struct Nothing;

    #[async_trait]
    impl RowList for Nothing {
        fn columns(&self) -> &[RowsColumn] {
            &[]
        }

        fn rows(&self) -> u64 {
            0
        }

        fn complete(&self) -> bool {
            true
        }

        async fn page(&self, _: u64, _: u32, _: &[usize], _: Option<u32>) -> Result<RowsPage> {
            RowsPageBuilder::new(Vec::new(), 0).finish()
        }
    }

    fn list() -> Arc<OpenList> {
        Arc::new(OpenList::new(Box::new(Nothing), None))
    }

    #[tokio::test]
    async fn a_page_that_is_given_up_ends_and_others_go_on() {
        let list = list();
        let (given_up, other) = (list.stoppable(1, std::future::pending::<()>()), list.stoppable(2, async { 7 }));
        let cancel = async {
            tokio::task::yield_now().await;
            list.cancel(&[1, 9])
        };
        let (given_up, other, cancelled) = tokio::join!(given_up, other, cancel);
        assert_eq!((given_up.unwrap_err().code.as_str(), other.unwrap(), cancelled), ("cancelled", 7, 1));
        assert!(list.reading().is_empty());
    }

    #[tokio::test]
    async fn the_oldest_list_goes_where_there_are_too_many_and_its_pages_with_it() {
        let open = OpenRows::default();
        let first = list();
        let name = open.keep(Arc::clone(&first));
        assert!(open.get(&name).is_ok());
        let page = first.stoppable(1, std::future::pending::<()>());
        let more = async {
            tokio::task::yield_now().await;
            (0..MOST_LISTS).map(|_| open.keep(list())).collect::<Vec<_>>()
        };
        let (page, names) = tokio::join!(page, more);
        assert_eq!(page.unwrap_err().code, "cancelled");
        assert_eq!(open.get(&name).err().unwrap().code, "stale");
        assert!(names.iter().all(|name| open.get(name).is_ok()));
        assert_eq!(open.close(&names[0]).await, 0);
        assert!(open.get(&names[0]).is_err() && open.get("x").is_err());
        open.close_all().await;
        assert!(open.get(&names[1]).is_err());
    }
}
