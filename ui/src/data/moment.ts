// What happened in a run, in words: a line of its log for each event that is more than a count. Pure.

import type { FindingView, RunEvent, RunView, Stage, TableProgress, UsedPlanView } from "../host";
import { count, counted, span } from "./format";

/** A line of a run's log. */
export type Moment = {
  /** The event's number; lines of the history and those just heard are told apart by it. */
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  level: "info" | "ok" | "running" | "warn" | "failed";
  /** What it is, in one word. */
  word: string;
  /** The table; null for the run as a whole. */
  source: string | null;
  text: string;
};

type Said = Omit<Moment, "at" | "seq">;

/** The table that an event is about. */
export function sourceOf(event: RunEvent): string | null {
  switch (event.event) {
    case "progress":
      return event.table.source;
    case "planned":
      return event.plan.source;
    case "finding":
    case "retry":
      return event.source || null;
    case "started":
    case "status":
    case "finished":
      return null;
  }
}

/** The line of an event; null for one that only counts on. `before` is the stage its table was in. */
export function momentOf(event: RunEvent, before: Stage | null): Moment | null {
  const said = saidOf(event, before);
  return said && { seq: event.seq, at: event.at, ...said };
}

function saidOf(event: RunEvent, before: Stage | null): Said | null {
  switch (event.event) {
    case "started":
      return {
        level: "info",
        word: "started",
        source: null,
        text: `${counted(event.tables.length, "table")}: ${event.tables.join(", ")}`,
      };
    case "status":
      return event.status === "cancelling"
        ? { level: "warn", word: "cancelling", source: null, text: "asked to stop; what is committed stays" }
        : null;
    case "planned":
      return { level: "info", word: "planned", source: event.plan.source, text: planText(event.plan) };
    case "progress":
      return event.table.stage === before ? null : stageSaid(event.table);
    case "finding":
      return {
        level: findingLevel(event.finding),
        word: "finding",
        source: event.source || null,
        text: event.finding.message,
      };
    case "retry":
      return {
        level: "warn",
        word: "retrying",
        source: event.source,
        text: `attempt ${event.attempt} failed: ${event.error.message}`,
      };
    case "finished":
      return ended(event.result.status, event.result.error?.message ?? null);
  }
}

function ended(status: string, message: string | null): Said {
  return {
    level: status === "success" ? "ok" : status === "failed" ? "failed" : "warn",
    word: "finished",
    source: null,
    text: message ?? status,
  };
}

/** The lines of events that the history has kept, in their order. */
export function momentsOf(events: readonly RunEvent[]): Moment[] {
  const stages = new Map<string, Stage>();
  const moments: Moment[] = [];
  for (const event of events) {
    const source = sourceOf(event);
    const moment = momentOf(event, source === null ? null : (stages.get(source) ?? null));
    if (event.event === "progress") stages.set(event.table.source, event.table.stage);
    if (event.event === "retry") stages.set(event.source, "waiting");
    if (moment) moments.push(moment);
  }
  return moments;
}

/** What the history has kept, and after it what was heard since, each event once; a run that has ended ends with that. */
export function wholeLog(kept: readonly Moment[], heard: readonly Moment[], view: RunView | null): Moment[] {
  const known = new Set(heard.map((moment) => moment.seq));
  const older = kept.filter((moment) => !known.has(moment.seq));
  const all = [...older, ...heard];
  // Where the history was asked before the first event was heard, they follow each other as they are.
  if ((older.at(-1)?.seq ?? 0) > (heard[0]?.seq ?? Number.POSITIVE_INFINITY)) all.sort((a, b) => a.seq - b.seq);
  const last = all.at(-1);
  if (!view || view.status === "running" || view.status === "cancelling" || last?.word === "finished") return all;
  const at = new Date(Date.parse(view.started_at) + view.seconds * 1000).toISOString();
  const said: Said =
    view.status === "interrupted"
      ? {
          level: "warn",
          word: "interrupted",
          source: null,
          text: "the process that ran it went away; what it committed stays",
        }
      : ended(view.status, view.error?.message ?? `${view.status} after ${span(view.seconds)}`);
  return [...all, { seq: (last?.seq ?? 0) + 1, at, ...said }];
}

/** Lines of a level, a table and a text. A level shows what is worse, too. */
export function filtered(
  moments: readonly Moment[],
  level: "all" | "warn" | "failed",
  source: string | null,
  text: string,
): Moment[] {
  const wanted = text.trim().toLowerCase();
  return moments.filter(
    (moment) =>
      (level === "all" || moment.level === level || (level === "warn" && moment.level === "failed")) &&
      (source === null || moment.source === source) &&
      (wanted === "" || `${moment.word} ${moment.source ?? ""} ${moment.text}`.toLowerCase().includes(wanted)),
  );
}

function planText(plan: UsedPlanView): string {
  const by = plan.watermark_column ? ` by ${plan.watermark_column}` : "";
  const from = plan.cursor ? ` after ${plan.cursor}` : "";
  const ddl = plan.statements?.ddl.length ?? 0;
  return `${phaseNames[plan.phase] ?? plan.phase}${by}${from}, ${counted(plan.columns, "column")}${ddl > 0 ? `, ${counted(ddl, "statement")} in the target` : ""}`;
}

/** What kinds of reads are called. */
export const phaseNames: Record<string, string> = {
  first_load: "first load",
  resume_first_load: "first load, resumed",
  incremental: "changes",
  full: "all rows",
  deletes: "deletes",
};

function stageSaid(table: TableProgress): Said {
  const { source } = table;
  switch (table.stage) {
    case "done":
      return {
        level: table.rows_rejected > 0 ? "warn" : "ok",
        word: "done",
        source,
        text: `${counted(table.rows_merged, "row")} merged${table.rows_rejected > 0 ? `, ${count(table.rows_rejected)} rejected` : ""}`,
      };
    case "failed":
      return { level: "failed", word: "failed", source, text: table.error?.message ?? "failed" };
    case "waiting":
      return { level: "warn", word: "waiting", source, text: table.error?.message ?? "tries again later" };
    case "cancelled":
      return {
        level: "warn",
        word: "cancelled",
        source,
        text:
          table.rows_merged > 0
            ? `${count(table.rows_merged)} rows are committed and will not be read again`
            : "nothing was written",
      };
    case "held":
      return { level: "warn", word: "held", source, text: table.error?.message ?? "another runner holds this table" };
    case "queued":
      return { level: "info", word: "queued", source, text: "waits for a free reader" };
    case "merging":
      return {
        level: "running",
        word: "merging",
        source,
        text: `${counted(table.rows_read, "row")} read, ${count(table.rows_merged)} merged`,
      };
    case "inspecting":
      return { level: "running", word: "inspecting", source, text: "reads the schema and the horizon" };
    case "reading":
      return { level: "running", word: "reading", source, text: phaseText(table) };
  }
}

function phaseText(table: TableProgress): string {
  const after = table.watermark ? ` after ${table.watermark}` : "";
  switch (table.phase) {
    case "first_load":
    case "resume_first_load":
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
