//! What happens to the source: transactions of every kind, and whoever moves its rows about.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use firn_scenarios::World;
use firn_scenarios::world::Session;
use rand::Rng as _;
use rand::rngs::StdRng;

use super::shapes::{SHAPES, Shape};

/// What all actors of a history share.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) until: Instant,
    /// The largest key so far.
    ids: AtomicI64,
    prepared: AtomicU32,
    began: Instant,
    steps: Mutex<Vec<String>>,
}

impl Stage {
    pub(super) fn new(world: World, writing: Duration) -> Self {
        let began = Instant::now();
        Self {
            world,
            until: began + writing,
            ids: AtomicI64::new(4000),
            prepared: AtomicU32::new(0),
            began,
            steps: Mutex::default(),
        }
    }

    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Notes a step in the log of the history.
    pub(super) fn note(&self, who: &str, what: &str) {
        let line = format!("{:9.3} {who} {what}", self.began.elapsed().as_secs_f64());
        self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
    }

    /// Returns all steps so far.
    pub(super) fn steps(&self) -> Vec<String> {
        self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Opens a session, however long the server needs to come back.
    pub(super) async fn session(&self) -> Result<Session> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.world.session().await {
                Ok(session) => return Ok(session),
                Err(error) => ensure!(Instant::now() < deadline, "the server does not come back: {error:#}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Returns one statement of a writer.
fn statement(random: &mut StdRng, stage: &Stage) -> String {
    let shape = &SHAPES[random.random_range(0..SHAPES.len())];
    let Shape { name, column, vanishing, .. } = shape;
    let count: i64 = random.random_range(1..40);
    let newest = stage.ids.load(Ordering::SeqCst);
    let first = random.random_range(1..=newest);
    // By the start of the transaction, of the statement, or by the very moment.
    let clock = ["now()", "statement_timestamp()", "clock_timestamp()"][random.random_range(0..3)];
    let mark = shape.mark.replace("CLOCK", clock);
    // In the order of the key, and without waiting for another writer: no deadlocks.
    let some = |span: i64| {
        format!(
            "id IN (SELECT id FROM {name} WHERE id BETWEEN {first} AND {first} + {span} ORDER BY id FOR UPDATE SKIP LOCKED)"
        )
    };
    match random.random_range(0..10) {
        0..3 => {
            let from = stage.ids.fetch_add(count, Ordering::SeqCst) + 1;
            format!(
                "INSERT INTO {name} (id, v, {column}) SELECT n, 'new', {mark} FROM generate_series({from}, {from} + {count} - 1) n"
            )
        }
        3 if *name == "plain" => format!("UPDATE plain SET untold = {newest} WHERE {}", some(5 * count)),
        3..6 if *vanishing => format!("DELETE FROM {name} WHERE {}", some(count)),
        6 if *vanishing => {
            // Another key for the same row.
            let from = stage.ids.fetch_add(count, Ordering::SeqCst) + 1;
            format!(
                "UPDATE {name} SET id = id - {first} + {from}, n = n + 1, {column} = {mark} WHERE {}",
                some(count / 4)
            )
        }
        7 if *vanishing => {
            // A key that was there before, mostly.
            format!(
                "INSERT INTO {name} (id, v, {column}) SELECT n, 'again', {mark} FROM generate_series({first}, {first} + {count}) n \
                 ON CONFLICT DO NOTHING"
            )
        }
        _ => format!(
            "UPDATE {name} SET n = n + 1, v = md5(n::text || '{newest}'), {column} = {mark} WHERE {}",
            some(count)
        ),
    }
}

async fn pause(random: &mut StdRng) {
    let pause = match random.random_range(0..20) {
        0 => random.random_range(1500..3500),
        1..5 => random.random_range(100..500),
        _ => random.random_range(0..20),
    };
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

/// Writes one transaction: of a random length, some of it rolled back to a savepoint; at the end committed, rolled back,
/// or prepared and then either of them.
async fn transaction(random: &mut StdRng, stage: &Stage, session: &mut Session, who: &str) -> Result<bool> {
    session.sql("BEGIN").await?;
    stage.note(who, "BEGIN");
    for _ in 0..random.random_range(1..6) {
        let undone = random.random_bool(0.1);
        if undone {
            session.sql("SAVEPOINT s").await?;
        }
        let sql = statement(random, stage);
        stage.note(who, &format!("{}{sql}", if undone { "(undone) " } else { "" }));
        session.sql(&sql).await?;
        pause(random).await;
        if undone {
            session.sql("ROLLBACK TO s").await?;
        }
    }
    let ends = match random.random_range(0..12) {
        0..2 => "ROLLBACK".to_owned(),
        2 => {
            let name = format!("h{}", stage.prepared.fetch_add(1, Ordering::SeqCst));
            session.sql(&format!("PREPARE TRANSACTION '{name}'")).await?;
            stage.note(who, &format!("PREPARE {name}"));
            pause(random).await;
            format!("{} PREPARED '{name}'", if random.random_bool(0.3) { "ROLLBACK" } else { "COMMIT" })
        }
        _ => "COMMIT".to_owned(),
    };
    let ended = session.sql(&ends).await;
    stage.note(who, &format!("{ends}: {}", if ended.is_ok() { "done" } else { "unknown" }));
    ended?;
    Ok(!ends.starts_with("ROLLBACK"))
}

/// Writes one transaction after the other and counts those committed. What becomes of one whose session broke is not
/// known here; the source tells.
pub(super) async fn write(stage: &Stage, mut random: StdRng, number: u64) -> Result<u32> {
    let who = format!("w{number}");
    let mut session = stage.session().await?;
    let (mut committed, mut broken) = (0, 0);
    while stage.goes_on() {
        match transaction(&mut random, stage, &mut session, &who).await {
            Ok(done) => committed += u32::from(done),
            Err(error) => {
                stage.note(&who, &format!("broken: {error:#}"));
                broken += 1;
                session = stage.session().await?;
            }
        }
    }
    ensure!(committed > broken, "{committed} transactions were committed and {broken} broken: {:#?}", stage.steps());
    Ok(committed)
}

/// Makes room in pages, so that rows move, rewrites tables, fills one anew again and again, empties another and adds
/// columns.
pub(super) async fn disturb(stage: &Stage, mut random: StdRng) -> Result<()> {
    let mut session = stage.session().await?;
    let mut added = 0;
    while stage.goes_on() {
        let done = match random.random_range(0..60) {
            0 => {
                let table = ["churn", "churn_soft", "churn_hard"][random.random_range(0..3)];
                session.sql(&format!("SET lock_timeout = '2s'; TRUNCATE {table}")).await
            }
            1..3 => {
                let table = ["plain", "churn", "churn_hard", "gaps", "parts_0"][random.random_range(0..5)];
                match session.sql("SET lock_timeout = '2s'").await {
                    Ok(()) => session.sql(&format!("VACUUM FULL {table}")).await,
                    failed => failed,
                }
            }
            3 if added < 4 => {
                let added_now = format!("ALTER TABLE plain ADD more_{added} int");
                let changed = format!("UPDATE plain SET more_{added} = n, updated_at = now() WHERE id % 7 = {added}");
                added += 1;
                session.sql(&format!("SET lock_timeout = '2s'; {added_now}; {changed}")).await
            }
            4..20 => session.sql("VACUUM plain").await,
            _ => {
                let fill =
                    format!("INSERT INTO rates SELECT n, '{}' FROM generate_series(1, 100) n", random.random::<u32>());
                let empty = if random.random_bool(0.5) { "TRUNCATE rates" } else { "DELETE FROM rates" };
                session
                    .sql(&format!("SET lock_timeout = '2s'; BEGIN; {empty}; {fill}; SELECT pg_sleep(0.05); COMMIT"))
                    .await
            }
        };
        if let Err(error) = done {
            // A lock that was not to be had, or a server that has gone.
            stage.note("disturb", &format!("{error:#}"));
            session = stage.session().await?;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..100))).await;
    }
    Ok(())
}

/// Ends what was left prepared.
pub(super) async fn settle(stage: &Stage, random: &mut StdRng) -> Result<()> {
    let mut session = stage.session().await?;
    let names = stage.world.text("SELECT string_agg(gid, ' ') FROM pg_prepared_xacts").await?;
    for name in names.split_whitespace() {
        let end = if random.random_bool(0.5) { "COMMIT" } else { "ROLLBACK" };
        stage.note("settle", &format!("{end} PREPARED {name}"));
        session.sql(&format!("{end} PREPARED '{name}'")).await?;
    }
    Ok(())
}
