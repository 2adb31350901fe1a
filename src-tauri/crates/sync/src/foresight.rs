//! The dry run of a table: what is asked of both sides, and what is made of it. The answers can be kept, so that an edit
//! of the mapping is planned without asking again.

use crate::config::TableConfig;
use crate::drift::Drift;
use crate::engine::Engine;
use crate::outcome::Failure;
use crate::planning::{Prepared, TablePlan, expressions, planned_columns, prepare};
use crate::{advice, deletes, drift, used};
use firn_catalog::PgType;
use firn_connector::{Finding, HorizonRequest, ReadScope, Result, SourceTable, TableState, TargetTable};
use std::collections::BTreeMap;

/// Counting rows for a plan stops here.
const MOST_WAITING: u64 = 1_000_000;

/// What source and target said of a table when it was planned.
#[derive(Debug, Clone)]
pub struct Foresight {
    /// The configuration it was asked for.
    config: TableConfig,
    state: TableState,
    table: SourceTable,
    existing: Option<TargetTable>,
    /// Types of the expressions that the server has typed, by column and SQL.
    types: BTreeMap<(String, String), PgType>,
    /// What was counted; `None` where it did not come to that.
    counted: Option<Counted>,
}

/// What a read would begin with.
#[derive(Debug, Clone, Default)]
struct Counted {
    rows_waiting: Option<u64>,
    /// Keys that move, and what stands in the way of a horizon.
    findings: Vec<Finding>,
}

impl TablePlan {
    fn of(config: &TableConfig) -> Self {
        Self {
            source: config.state_name(),
            target: config.target.to_string(),
            phase: None,
            rows_waiting: None,
            watermark: None,
            ddl: Vec::new(),
            select: None,
            columns: Vec::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            failure: None,
        }
    }

    fn failed(mut self, config: &TableConfig, result: Result<()>) -> Self {
        self.failure = result.err().map(|error| Failure::from(&error.on_table(&config.source)));
        self
    }
}

impl Foresight {
    /// Returns the table for another configuration; `None` where something of it is not known yet.
    fn table_for(&self, config: &TableConfig) -> Option<SourceTable> {
        let typed = |(column, sql): (String, String)| {
            let ty = self.types.get(&(column.clone(), sql))?.clone();
            Some((column, ty))
        };
        let expressions = expressions(config).into_iter().map(typed).collect::<Option<BTreeMap<_, _>>>()?;
        // Whether rows get other keys is asked of the source, and only where nothing is deleted.
        let key_moves = config.watermark.as_ref().is_some_and(|name| config.key.contains(name));
        // Every other field decides what is read, or which table; these decide what is made of the answers.
        let same = TableConfig {
            transforms: self.config.transforms.clone(),
            on_drift: self.config.on_drift,
            on_unfit: self.config.on_unfit,
            deletes: if key_moves { config.deletes } else { self.config.deletes },
            max_delete_ratio: self.config.max_delete_ratio,
            batch_rows: self.config.batch_rows,
            verify: self.config.verify,
            ..config.clone()
        };
        (same == self.config).then(|| SourceTable { expressions, ..self.table.clone() })
    }
}

impl Engine {
    /// Plans a table, and returns what was learned for further plans; `before` is what an earlier plan has learned.
    pub async fn foresee(&self, config: &TableConfig, before: Option<&Foresight>) -> (TablePlan, Option<Foresight>) {
        let mut plan = TablePlan::of(config);
        let mut known = match self.ask(config).await {
            Err(error) => return (plan.failed(config, Err(error)), None),
            Ok(known) => known,
        };
        known.types.extend(before.into_iter().flat_map(|before| before.types.clone()));
        let result = self.count(config, &mut known, &mut plan).await;
        (plan.failed(config, result), Some(known))
    }

    /// Plans a table with another configuration from what is known; `None` where source or target have to be asked.
    #[must_use]
    pub fn plan_again(&self, config: &TableConfig, known: &Foresight) -> Option<TablePlan> {
        let table = known.table_for(config)?;
        let mut plan = TablePlan::of(config);
        let result = self.fill(config, known, table, &mut plan);
        if result.is_ok() {
            let counted = known.counted.clone()?;
            plan.rows_waiting = counted.rows_waiting;
            plan.findings.extend(counted.findings);
        }
        Some(plan.failed(config, result.map(|_| ())))
    }

    pub(crate) async fn plan_one(&self, config: &TableConfig) -> TablePlan {
        self.foresee(config, None).await.0
    }

    /// Asks both sides about a table, at the same time: neither answer depends on the other.
    async fn ask(&self, config: &TableConfig) -> Result<Foresight> {
        let expressions = expressions(config);
        let remembered = async {
            let state = self.target.state(&config.state_name()).await?.map(|(state, _)| state).unwrap_or_default();
            Ok((state, self.target.inspect(&config.target).await?))
        };
        let described = self.source.inspect(&config.source, &expressions, config.filter.as_deref());
        let (remembered, described) = futures::join!(remembered, described);
        let (state, existing) = remembered?;
        let table = match described {
            Err(error) => return Err(drift::gone(self.source.as_ref(), config, &state, error).await),
            Ok(table) => table,
        };
        let typed = expressions.into_iter().filter_map(|(column, sql)| {
            let ty = table.expressions.get(&column)?.clone();
            Some(((column, sql), ty))
        });
        Ok(Foresight { config: config.clone(), state, types: typed.collect(), table, existing, counted: None })
    }

    /// Asks both sides about a table, and decides how a run would read and write it.
    pub(crate) async fn prepared(&self, config: &TableConfig) -> Result<Prepared> {
        let Foresight { table, existing, state, .. } = self.ask(config).await?;
        prepare(config, table, self.source.as_ref(), self.target.as_ref(), existing.as_ref(), &state)
    }

    /// Makes a plan of the answers.
    fn fill(
        &self,
        config: &TableConfig,
        known: &Foresight,
        table: SourceTable,
        plan: &mut TablePlan,
    ) -> Result<(Prepared, ReadScope)> {
        let (state, existing, target) = (&known.state, known.existing.as_ref(), self.target.as_ref());
        plan.columns = planned_columns(config, &table, target);
        let drift = Drift::between(config, state, &table);
        plan.changes = drift.changes(config, &table, &plan.columns, target, existing);
        let prepared = prepare(config, table, self.source.as_ref(), target, existing, state)?;
        plan.ddl = prepared.write.ddl.clone();
        plan.findings = prepared.findings.clone();
        plan.findings.extend(deletes::findings(config, &prepared));
        let (phase, scope) = used::begins(config, state, &prepared);
        plan.phase = Some(phase);
        plan.watermark = state.cursor().map(|c| c.watermark.text());
        plan.select = Some(self.source.statement(&prepared.read, &scope));
        Ok((prepared, scope))
    }

    /// Makes a plan of the answers, and asks how many rows wait and what stands in the way of reading them.
    async fn count(&self, config: &TableConfig, known: &mut Foresight, plan: &mut TablePlan) -> Result<()> {
        let estimate = u64::try_from(known.table.estimated_rows).ok();
        let (prepared, scope) = self.fill(config, known, known.table.clone(), plan)?;
        plan.rows_waiting = match &scope {
            ReadScope::After(cursor) => Some(self.source.waiting(&prepared.read, cursor.as_ref(), MOST_WAITING).await?),
            _ if prepared.read.filter.is_some() || estimate.is_none() => {
                Some(self.source.waiting(&prepared.read, None, MOST_WAITING).await?)
            }
            _ => estimate,
        };
        let mut findings: Vec<Finding> = advice::moving_key(self.source.as_ref(), config).await?.into_iter().collect();
        if let Some((_, kind)) = prepared.read.watermark {
            let request =
                HorizonRequest { kind, lookback: prepared.lookback, logged_times: known.state.logged_times.clone() };
            findings.extend(self.source.horizon(&prepared.read, &request).await?.findings);
        }
        plan.findings.extend(findings.iter().cloned());
        known.counted = Some(Counted { rows_waiting: plan.rows_waiting, findings });
        Ok(())
    }
}
