// A run as the window follows it: the state first, then the numbered changes. Pure: no host, no clock.

import type { ErrorView, RunEvent, RunFinished, RunStatus, RunSummary, RunView, Stage, TableProgress } from "../host";
import { millis } from "./format";
import { type Moment, momentOf, sourceOf } from "./moment";

/** How many rows a table had read at an instant. */
type Sample = { at: number; rows: number };

/** A run that is being followed. */
export type Follow = {
  runId: string;
  /** The state; null until the host has given it. */
  view: RunView | null;
  /** Events that came before the state they continue, in order of their number. */
  early: RunEvent[];
  /** Whether a number is missing, so that the state has to be asked for again. */
  behind: boolean;
  /** The last few seconds of each table, for rates. */
  samples: Record<string, Sample[]>;
  /** The same of all tables together. */
  total: Sample[];
  /** Failed attempts of each table so far. */
  attempts: Record<string, number>;
  /** What happened since the window began to follow, oldest first. */
  moments: Moment[];
};

const KEPT_MOMENTS = 20_000;
/** What a rate is taken over; the chart of a run does the same (`WINDOW` of the chart crate). */
const RATE_WINDOW_MS = 5000;
/** Samples stand no closer; of many tables events come by the thousand. */
const SAMPLE_STEP_MS = 100;

/** A run of which only the id is known. */
export function followed(runId: string): Follow {
  return { runId, view: null, early: [], behind: true, samples: {}, total: [], attempts: {}, moments: [] };
}

/** Takes one event. Repeated ones change nothing; one that leaves a gap waits for the state. */
export function receive(follow: Follow, event: RunEvent): Follow {
  if (!follow.view || event.seq > follow.view.seq + 1) {
    if (follow.view && event.seq <= follow.view.seq) return follow;
    if (follow.early.some((known) => known.seq === event.seq)) return follow;
    const early = [...follow.early, event].sort((a, b) => a.seq - b.seq);
    return { ...follow, early, behind: true };
  }
  if (event.seq <= follow.view.seq) return follow;
  return drain(apply(follow, follow.view, event));
}

/** Takes the whole state, then whatever had come early and continues it. */
export function restate(follow: Follow, view: RunView): Follow {
  // A state that was asked for before the latest events were applied would turn the clock back.
  if (follow.view && view.seq < follow.view.seq) return drain({ ...follow, behind: false });
  return drain({ ...counted(follow, view, stateAt(view)), view, behind: false });
}

/** When a state of a run that goes on was so, in milliseconds; null where that is not known. */
function stateAt(view: RunView): number | null {
  const start = millis(view.started_at);
  return start === null ? null : start + view.seconds * 1000;
}

/** Notes what all tables together have read at an instant. A run that has just begun had read nothing at its start. */
function counted(follow: Follow, view: RunView, at: number | null): Follow {
  if (at === null || !goesOn(view.status)) return follow;
  const start = millis(view.started_at);
  const young = start !== null && at > start && at - start <= RATE_WINDOW_MS;
  const before = follow.total.length === 0 && young ? [{ at: start, rows: 0 }] : follow.total;
  return { ...follow, total: sampled(before, at, runSums(view).rows_read) };
}

function drain(follow: Follow): Follow {
  let current = follow;
  while (current.view) {
    const { view } = current;
    const early = current.early.filter((event) => event.seq > view.seq);
    const next = early[0];
    if (!next) return { ...current, early: [], behind: false };
    if (next.seq !== view.seq + 1) return { ...current, early, behind: true };
    current = apply({ ...current, early: early.slice(1) }, view, next);
  }
  return current;
}

function apply(follow: Follow, before: RunView, event: RunEvent): Follow {
  const view: RunView = { ...before, seq: event.seq, seconds: secondsAt(before, millis(event.at)) };
  const moment = momentOf(event, before.tables.find(({ source }) => source === sourceOf(event))?.stage ?? null);
  const moments = moment ? [...follow.moments.slice(-KEPT_MOMENTS), moment] : follow.moments;
  const after = { ...follow, view, moments };
  switch (event.event) {
    case "started":
    case "planned":
    case "finding":
      return after;
    case "status":
      return { ...after, view: { ...view, status: event.status } };
    case "progress": {
      const { table } = event;
      const known = before.tables.some(({ source }) => source === table.source);
      const tables = known
        ? before.tables.map((one) => (one.source === table.source ? table : one))
        : [...before.tables, table];
      const samples = {
        ...follow.samples,
        [table.source]: sampled(follow.samples[table.source] ?? [], millis(event.at), table.rows_read),
      };
      const now = { ...view, tables };
      return { ...counted(after, now, millis(event.at)), view: now, samples };
    }
    case "retry": {
      const tables = before.tables.map((table): TableProgress =>
        table.source === event.source
          ? { ...table, stage: "waiting", retry_at: event.retry_at, error: event.error }
          : table,
      );
      return {
        ...after,
        view: { ...view, tables },
        attempts: { ...follow.attempts, [event.source]: event.attempt },
      };
    }
    case "finished":
      return { ...after, view: finished(view, event.result) };
  }
}

/** How long a run has taken by an instant, in milliseconds since 1970; of one that has ended, how long it took. */
export function secondsAt(view: RunView, now: number | null): number {
  const start = millis(view.started_at);
  if (!goesOn(view.status) || start === null || now === null) return view.seconds;
  return Math.max(view.seconds, (now - start) / 1000);
}

/** What has come of the tables of a run so far. */
export type RunSums = { tables: number; done: number; rows_read: number; rows_merged: number; rows_rejected: number };

/** The figures of a run over all its tables. */
export function runSums({ tables }: RunView): RunSums {
  const sum = (of: "rows_read" | "rows_merged" | "rows_rejected") =>
    tables.reduce((total, table) => total + table[of], 0);
  return {
    tables: tables.length,
    done: tables.filter((table) => table.stage === "done").length,
    rows_read: sum("rows_read"),
    rows_merged: sum("rows_merged"),
    rows_rejected: sum("rows_rejected"),
  };
}

/** The runs of a list with the one that is followed as it is now: in its place, or first where it is not listed yet. */
export function withActive(runs: readonly RunSummary[], view: RunView | null): readonly RunSummary[] {
  if (!view) return runs;
  const { tables, rows_merged, rows_rejected } = runSums(view);
  const now = { status: view.status, tables, rows_merged, rows_rejected };
  const { run_id, started_at } = view;
  if (!runs.some((run) => run.run_id === run_id))
    return [{ run_id, started_at, finished_at: null, trigger: "window", ...now }, ...runs];
  return runs.map((run) => (run.run_id === run_id ? { ...run, ...now } : run));
}

/** Adds a sample; of those that are too old for a rate the latest is kept, where the window begins. */
function sampled(samples: Sample[], now: number | null, rows: number): Sample[] {
  if (now === null) return samples;
  const before = samples.filter((sample) => sample.at <= now);
  const begins = Math.max(
    0,
    before.findLastIndex((sample) => now - sample.at >= RATE_WINDOW_MS),
  );
  const last = before.at(-2);
  const close = last !== undefined && now - last.at < SAMPLE_STEP_MS;
  return [...before.slice(begins, close ? -1 : undefined), { at: now, rows }];
}

/** Rows a second over the last seconds until now, or since the first sample; null where too little is known. */
function rateOf(samples: readonly Sample[], now: number): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.rows < first.rows) return null;
  const end = Math.max(now, last.at);
  const begin = Math.max(first.at, end - RATE_WINDOW_MS);
  if (end - begin < 200) return null;
  const before = samples.findLast((sample) => sample.at <= begin) ?? first;
  return Math.round(((last.rows - before.rows) * 1000) / (end - begin));
}

function finished(view: RunView, result: RunFinished): RunView {
  const stages: Record<string, Stage> = {
    success: "done",
    idle: "done",
    partial: "done",
    failed: "failed",
    cancelled: "cancelled",
    held: "held",
  };
  const tables = view.tables.map((table): TableProgress => {
    const ended = result.tables.find((row) => row.source === table.source);
    if (!ended) return table;
    return {
      ...table,
      stage: stages[ended.status] ?? table.stage,
      rows_read: ended.rows_read,
      rows_merged: ended.rows_merged,
      rows_rejected: ended.rows_rejected,
      watermark: ended.watermark ?? table.watermark,
      retry_at: null,
      error: ended.error ?? null,
      result: ended,
    };
  });
  return { ...view, status: endStatus(result.status), tables, error: result.error };
}

const ends: readonly RunStatus[] = ["success", "partial", "failed", "cancelled", "held", "interrupted"];

function endStatus(word: string): RunStatus {
  return ends.find((status) => status === word) ?? "failed";
}

/** Whether the run still goes on. */
export function goesOn(status: RunStatus): boolean {
  return status === "running" || status === "cancelling";
}

/** Whether the table still goes on. */
export function stageGoesOn(stage: Stage): boolean {
  return stage === "inspecting" || stage === "reading" || stage === "merging" || stage === "waiting";
}

/** Rows a second that a table reads now; null where too little is known. */
export function tableRate(follow: Follow, source: string, now: number): number | null {
  return rateOf(follow.samples[source] ?? [], now);
}

/** Rows a second that a run reads now; null where too little is known. */
export function runRate(follow: Follow, now: number): number | null {
  return rateOf(follow.total, now);
}

const stageOrder: readonly Stage[] = [
  "failed",
  "waiting",
  "held",
  "merging",
  "reading",
  "inspecting",
  "queued",
  "cancelled",
  "done",
];

/** Tables in the order in which a person needs them: failed, waiting, going on, queued, done. */
export function inOrderOfNeed(tables: readonly TableProgress[]): TableProgress[] {
  return tables
    .map((table, place) => ({ table, place }))
    .sort((a, b) => stageOrder.indexOf(a.table.stage) - stageOrder.indexOf(b.table.stage) || a.place - b.place)
    .map(({ table }) => table);
}

/** Why a table failed, or what it waits after. */
export function tableError(table: TableProgress): ErrorView | null {
  return table.error ?? table.result?.error ?? null;
}

/** Seconds that are left, about; null unless it is known of every table how many rows are to come. */
export function secondsLeft(follow: Follow, now: number): number | null {
  const tables = (follow.view?.tables ?? []).filter((table) => table.stage === "queued" || stageGoesOn(table.stage));
  const rate = runRate(follow, now);
  if (tables.length === 0 || !rate) return null;
  let rows = 0;
  for (const table of tables) {
    // An estimate that has been passed says nothing about what is left.
    if (!table.rows_expected || table.rows_expected <= table.rows_read) return null;
    rows += table.rows_expected - table.rows_read;
  }
  return rows / rate;
}

const instantText = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** Seconds that a cursor is behind an instant, in milliseconds; null where the watermark is no moment of a known zone. */
export function secondsBehind(watermark: string | null, now: number): number | null {
  const found = watermark === null ? null : instantText.exec(watermark.trim());
  if (!found) return null;
  const [, day, time, part = "", zone = "Z"] = found;
  const hours = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
  const at = Date.parse(`${day}T${time}${part.slice(0, 4)}${hours}`);
  return Number.isNaN(at) ? null : Math.max(0, (now - at) / 1000);
}
