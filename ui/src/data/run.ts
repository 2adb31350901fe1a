// A run as the window follows it: the state first, then the numbered changes. Pure: no host, no clock.

import type { ErrorView, FindingView, RunEvent, RunFinished, RunStatus, RunView, Stage, TableProgress } from "../host";
import { millis } from "./format";

/** A line of the run's log. */
export type Moment = {
  /** ISO 8601, UTC. */
  at: string;
  level: "info" | "ok" | "running" | "warn" | "failed";
  /** What it is, in one word. */
  word: string;
  /** The table; null for the run as a whole. */
  source: string | null;
  text: string;
};

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
  /** Failed attempts of each table so far. */
  attempts: Record<string, number>;
  /** What happened since the window began to follow, oldest first. */
  moments: Moment[];
};

const KEPT_MOMENTS = 1000;
const RATE_WINDOW_MS = 5000;

/** A run of which only the id is known. */
export function followed(runId: string): Follow {
  return { runId, view: null, early: [], behind: true, samples: {}, attempts: {}, moments: [] };
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
  return drain({ ...follow, view, behind: false });
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
  const view: RunView = { ...before, seq: event.seq, seconds: elapsed(before, event.at) };
  const note = (moment: Omit<Moment, "at">) => [...follow.moments, { at: event.at, ...moment }].slice(-KEPT_MOMENTS);
  switch (event.event) {
    case "started":
      return {
        ...follow,
        view,
        moments: note({ level: "info", word: "started", source: null, text: event.tables.join(", ") }),
      };
    case "status":
      return {
        ...follow,
        view: { ...view, status: event.status },
        moments:
          event.status === "cancelling"
            ? note({ level: "warn", word: "cancelling", source: null, text: "asked to stop; what is committed stays" })
            : follow.moments,
      };
    case "progress": {
      const known = before.tables.find((table) => table.source === event.table.source);
      const tables = known
        ? before.tables.map((table) => (table === known ? event.table : table))
        : [...before.tables, event.table];
      return {
        ...follow,
        view: { ...view, tables },
        samples: {
          ...follow.samples,
          [event.table.source]: sampled(follow.samples[event.table.source], event.at, event.table.rows_read),
        },
        moments: known?.stage === event.table.stage ? follow.moments : note(stageMoment(event.table)),
      };
    }
    case "finding":
      return {
        ...follow,
        view,
        moments: note({
          level: findingLevel(event.finding),
          word: "finding",
          source: event.source,
          text: event.finding.message,
        }),
      };
    case "retry": {
      const tables = before.tables.map((table): TableProgress =>
        table.source === event.source
          ? { ...table, stage: "waiting", retry_at: event.retry_at, error: event.error }
          : table,
      );
      return {
        ...follow,
        view: { ...view, tables },
        attempts: { ...follow.attempts, [event.source]: event.attempt },
        moments: note({
          level: "warn",
          word: "retrying",
          source: event.source,
          text: `attempt ${event.attempt} failed: ${event.error.message}`,
        }),
      };
    }
    case "finished":
      return {
        ...follow,
        view: finished(view, event.result),
        moments: note({
          level: event.result.status === "success" ? "ok" : event.result.status === "failed" ? "failed" : "warn",
          word: "finished",
          source: null,
          text: event.result.error?.message ?? event.result.status,
        }),
      };
  }
}

function elapsed(view: RunView, at: string): number {
  const start = millis(view.started_at);
  const now = millis(at);
  return start === null || now === null ? view.seconds : Math.max(view.seconds, (now - start) / 1000);
}

function sampled(samples: Sample[] | undefined, at: string, rows: number): Sample[] {
  const now = millis(at);
  if (now === null) return samples ?? [];
  const recent = (samples ?? []).filter((sample) => now - sample.at <= RATE_WINDOW_MS && sample.at <= now);
  return [...recent, { at: now, rows }];
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

function stageMoment(table: TableProgress): Omit<Moment, "at"> {
  const rows = (value: number) => value.toLocaleString("en-US");
  switch (table.stage) {
    case "done":
      return {
        level: table.rows_rejected > 0 ? "warn" : "ok",
        word: "done",
        source: table.source,
        text: `${rows(table.rows_merged)} rows merged${table.rows_rejected > 0 ? `, ${rows(table.rows_rejected)} rejected` : ""}`,
      };
    case "failed":
      return { level: "failed", word: "failed", source: table.source, text: table.error?.message ?? "failed" };
    case "waiting":
      return {
        level: "warn",
        word: "waiting",
        source: table.source,
        text: table.error?.message ?? "tries again later",
      };
    case "cancelled":
      return {
        level: "warn",
        word: "cancelled",
        source: table.source,
        text:
          table.rows_merged > 0
            ? `${rows(table.rows_merged)} rows are committed and will not be read again`
            : "nothing was written",
      };
    case "held":
      return {
        level: "warn",
        word: "held",
        source: table.source,
        text: table.error?.message ?? "another runner holds this table",
      };
    case "queued":
      return { level: "info", word: "queued", source: table.source, text: "waits for a free reader" };
    case "merging":
      return {
        level: "running",
        word: "merging",
        source: table.source,
        text: `${rows(table.rows_read)} rows read, ${rows(table.rows_merged)} merged`,
      };
    case "inspecting":
      return { level: "running", word: "inspecting", source: table.source, text: "reads the schema and the horizon" };
    case "reading":
      return { level: "running", word: "reading", source: table.source, text: phaseText(table) };
  }
}

function phaseText(table: TableProgress): string {
  const after = table.watermark ? ` after ${table.watermark}` : "";
  switch (table.phase) {
    case "first_load":
      return "first load";
    case "full":
      return "all rows";
    case "deletes":
      return "compares the keys";
    default:
      return `changes${after}`;
  }
}

function findingLevel(finding: FindingView): Moment["level"] {
  return finding.level === "critical" ? "failed" : finding.level === "warning" ? "warn" : "info";
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
export function tableRate(follow: Follow, source: string): number | null {
  const samples = follow.samples[source] ?? [];
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 200 || last.rows < first.rows) return null;
  return Math.round(((last.rows - first.rows) * 1000) / (last.at - first.at));
}

/** Rows a second over all tables that read now. */
export function runRate(follow: Follow): number | null {
  const rates = (follow.view?.tables ?? [])
    .filter((table) => stageGoesOn(table.stage))
    .map((table) => tableRate(follow, table.source));
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
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
