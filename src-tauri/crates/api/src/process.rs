//! Who runs: this process as leases name it, and whether the one a lease names is still there.

use firn_connector::Holder;
use std::fs;

/// Describes this process so that no other process, before or after, is taken for it.
///
/// On Linux the nonce holds the boot, the process namespace and the start time, so [`is_alive`] can tell. Elsewhere it
/// is random, and a dead holder's lease is taken over when it expires.
pub(crate) fn current() -> Holder {
    let pid = std::process::id();
    let nonce = match (scope(), start_time(pid)) {
        (Some(scope), Some(start)) => format!("{scope}:{start}"),
        _ => uuid::Uuid::new_v4().to_string(),
    };
    Holder { host: host_name(), pid, nonce }
}

/// What the nonce of a schedule begins with.
const SCHEDULE: &str = "schedule@";

/// Describes the schedule of this process. A lease is granted again to whoever holds it: a run that a person starts must
/// not be taken for the schedule beside it.
pub(crate) fn schedule_of(process: &Holder) -> Holder {
    Holder { nonce: format!("{SCHEDULE}{}", process.nonce), ..process.clone() }
}

/// Returns whether a holder is running. `None` where that cannot be known from here: on another host, in another
/// process namespace, since another boot (two hosts may share a name), or on a system that does not say when a process
/// began. The lease of such a holder is taken over when it expires.
pub(crate) fn is_alive(holder: &Holder, ours: &Holder) -> Option<bool> {
    if holder == ours {
        return Some(true);
    }
    let nonce = holder.nonce.strip_prefix(SCHEDULE).unwrap_or(&holder.nonce);
    let (their_scope, their_start) = nonce.rsplit_once(':')?;
    if holder.host != ours.host || scope()? != their_scope {
        return None;
    }
    Some(start_time(holder.pid).is_some_and(|start| start == their_start))
}

/// The boot and the process namespace: process ids mean the same thing only within both.
fn scope() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// When a process began, in clock ticks since the boot; `None` where there is no such process.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    if after_name.next()? == "Z" {
        return None;
    }
    after_name.nth(18).map(str::to_owned)
}

fn host_name() -> String {
    let from = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|t| !t.is_empty());
    from("/proc/sys/kernel/hostname").or_else(|| from("/etc/hostname")).unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_reaped_child_does_not() {
        let ours = current();
        assert_eq!(is_alive(&ours, &ours), Some(true));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let nonce = format!("{}:{}", scope().unwrap(), start_time(child.id()).unwrap());
        let theirs = Holder { host: ours.host.clone(), pid: child.id(), nonce };
        assert_eq!(is_alive(&theirs, &ours), Some(true));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(is_alive(&theirs, &ours), Some(false));
    }

    #[test]
    fn a_schedule_is_another_holder_that_lives_as_long_as_its_process() {
        let ours = current();
        let schedule = schedule_of(&ours);
        assert_ne!(schedule, ours);
        assert_eq!(is_alive(&schedule, &ours), Some(true));
        assert_eq!(is_alive(&ours, &schedule), Some(true));
        let earlier = Holder { nonce: format!("{SCHEDULE}{}:1", scope().unwrap()), ..ours.clone() };
        assert_eq!(is_alive(&earlier, &ours), Some(false));
    }

    #[test]
    fn a_reused_process_id_is_another_process() {
        let ours = current();
        let scope = scope().unwrap();
        let earlier = Holder { nonce: format!("{scope}:1"), ..ours.clone() };
        assert_eq!(is_alive(&earlier, &ours), Some(false));
    }

    #[test]
    fn what_cannot_be_seen_from_here_is_not_judged() {
        let ours = current();
        let elsewhere = Holder { host: "another".into(), ..ours.clone() };
        assert_eq!(is_alive(&elsewhere, &ours), None);
        let boot = scope().unwrap().split_once('/').unwrap().0.to_owned();
        let in_a_container = Holder { nonce: format!("{boot}/pid:[1]:1"), ..ours.clone() };
        assert_eq!(is_alive(&in_a_container, &ours), None);
        let namesake = Holder { nonce: "another-boot/pid:[1]:1".into(), ..ours.clone() };
        assert_eq!(is_alive(&namesake, &ours), None);
    }
}
