// Runs looked back at, and a chart, for the fake host.

import type { RunEvent, RunRecordView, RunView, UsedPlanView } from "../../src/host";

/** The plan that was used for a table. */
export function usedPlan(source: string, target: string): UsedPlanView {
  return {
    source,
    target,
    phase: source.endsWith("orders") ? "first_load" : "incremental",
    key: source.endsWith("order_items") ? ["order_id", "line"] : ["id"],
    watermark_column: "updated_at",
    columns: 16,
    cursor: source.endsWith("orders") ? null : "2026-11-20 14:29:57.114233+00",
    statements: {
      select: `SELECT "id", lower(email) AS "email", "tier", "credit", "profile", "updated_at"\nFROM ${source
        .split(".")
        .map((part) => `"${part}"`)
        .join(
          ".",
        )}\nWHERE ("updated_at", "id") > ('2026-11-20 14:29:57.114233+00', '321457')\nORDER BY "updated_at", "id"`,
      ddl: source.endsWith("orders")
        ? [
            `CREATE TABLE ${target} (id BIGINT, email VARCHAR, tier VARCHAR, credit DECIMAL(12,2), updated_at TIMESTAMPTZ)`,
          ]
        : [],
    },
  };
}

/** What is kept of a run. */
export function record(run: RunView, table: string | null): RunRecordView {
  const begin = Date.parse(run.started_at);
  const events: RunEvent[] = [];
  const add = (seconds: number, event: object) =>
    events.push({
      run_id: run.run_id,
      seq: events.length + 1,
      at: new Date(begin + seconds * 1000).toISOString(),
      ...event,
    } as RunEvent);
  add(0, { event: "started", tables: run.tables.map((one) => one.source) });
  for (const [place, one] of run.tables.entries()) {
    add(0.1 + place, { event: "progress", table: { ...one, stage: "inspecting", result: null, error: null } });
    add(0.2 + place, { event: "planned", plan: { ...usedPlan(one.source, one.target), statements: null } });
    add(0.4 + place, { event: "progress", table: { ...one, stage: "reading", result: null, error: null } });
    if (one.stage === "waiting" && one.error)
      add(8, { event: "retry", source: one.source, attempt: 2, retry_at: one.retry_at ?? "", error: one.error });
    else if (one.stage === "done" || one.stage === "failed") add(3 + place, { event: "progress", table: one });
  }
  events.sort((a, b) => a.at.localeCompare(b.at)).forEach((event, place) => (event.seq = place + 1));
  const of = run.tables.find((one) => one.source === table);
  return {
    events: table ? events.filter((event) => JSON.stringify(event).includes(table)) : events,
    unreadable: 0,
    plan: of && of.stage !== "queued" ? usedPlan(of.source, of.target) : null,
  };
}

/** A chart as the host draws it, of made-up rates. */
export function chart(width: number, height: number, dark: boolean): string {
  const [line, area, grid, text] = dark
    ? ["#7fb9e2", "#15293a", "#222d37", "#8b9aa9"]
    : ["#1d618f", "#dfebf5", "#e1e7ed", "#556575"];
  const [left, right, top, bottom] = [46, width - 14, 16, height - 22];
  const points = Array.from({ length: 60 }, (_, at) => {
    const share = at < 6 ? at / 6 : 0.7 + 0.2 * Math.sin(at / 5) - (at > 35 && at < 45 ? 0.5 : 0);
    return `${Math.round(left + ((right - left) * at) / 59)},${Math.round(bottom - (bottom - top) * share)}`;
  });
  const label = (x: number, y: number, anchor: string, words: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="JetBrains Mono Variable, monospace" font-size="11" fill="${text}">${words}</text>`;
  const rows = ["0", "2,000", "4,000", "6,000"].map((words, at) => {
    const y = Math.round(bottom - ((bottom - top) * at) / 3);
    return `<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" stroke="${grid}"/>${label(left - 8, y + 3, "end", words)}`;
  });
  const times = [0, 1, 2, 3, 4].map((at) =>
    label(Math.round(left + ((right - left) * at) / 4.8), bottom + 16, "middle", `0:${at}0`),
  );
  return `<svg width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">${rows.join("")}${times.join("")}<polygon fill="${area}" points="${points.join(" ")} ${right},${bottom} ${left},${bottom}"/><polyline fill="none" stroke="${line}" stroke-width="1.5" points="${points.join(" ")}"/></svg>`;
}
