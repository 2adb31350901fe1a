//! Findings in the order in which they are shown, told to a listener as they come.

use firn_connector::Finding;

/// Hears a finding as soon as it is made, with its place among those so far.
pub type Hear<'h> = &'h (dyn Fn(usize, &Finding) + Send + Sync);

/// The findings of a check that goes on.
pub(super) struct Findings<'h> {
    list: Vec<Finding>,
    hear: Hear<'h>,
}

impl<'h> Findings<'h> {
    pub(super) fn new(hear: Hear<'h>) -> Self {
        Self { list: Vec::new(), hear }
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.insert(self.list.len(), finding);
    }

    /// Puts a finding before those from `place` on; after the last one where there are not as many.
    pub(super) fn insert(&mut self, place: usize, finding: Finding) {
        let place = place.min(self.list.len());
        (self.hear)(place, &finding);
        self.list.insert(place, finding);
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_connector::Level;
    use std::sync::Mutex;

    #[test]
    fn a_listener_that_inserts_what_it_hears_has_the_list() {
        let heard: Mutex<Vec<String>> = Mutex::default();
        let hear = |place: usize, finding: &Finding| heard.lock().unwrap().insert(place, finding.code.clone());
        let mut findings = Findings::new(&hear);
        for code in ["host", "sign_in"] {
            findings.push(Finding::new(Level::Ok, code, ""));
        }
        findings.insert(1, Finding::new(Level::Ok, "tls", ""));
        findings.insert(9, Finding::new(Level::Ok, "clock", ""));
        let list: Vec<String> = findings.into_list().into_iter().map(|finding| finding.code).collect();
        assert_eq!(list, ["host", "tls", "sign_in", "clock"]);
        assert_eq!(*heard.lock().unwrap(), list);
    }
}
