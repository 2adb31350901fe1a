// A host in memory. For tests and for looking at screens only; never part of the window.

import {
  type AppEvent,
  type ChangeView,
  type CommandName,
  type Commands,
  type Host,
  HostError,
  type RejectedRowView,
  type RunEvent,
  type WorkspaceView,
} from "../../src/host";
import * as shop from "./shop";
import * as document from "./document";
import { rejectedRows, rejectedValues, remediesOf, triedOn } from "./rejected";
import { chart, record } from "./runs";
import { arrowPage, rowColumns } from "./rows";

type Answers = {
  [N in CommandName]?: (request: Commands[N]["request"]) => Commands[N]["response"] | Promise<Commands[N]["response"]>;
};

/** What was asked of a fake host. */
export type Call = { name: CommandName; request: unknown };

/** A host that answers from memory. `answers` replaces single commands. */
export class FakeHost implements Host {
  readonly calls: Call[] = [];
  readonly #receivers = new Set<(event: RunEvent) => void>();
  readonly #hearers = new Set<(event: AppEvent) => void>();
  settings = shop.settings;
  #scheduled = false;
  workspace: WorkspaceView;
  /** What a plan finds changed in the source. */
  changes: ChangeView[] = [];
  #text: string | null = null;
  rejected: RejectedRowView[] = shop.rejected;

  constructor(
    readonly answers: Answers = {},
    workspace: WorkspaceView = shop.workspace,
  ) {
    this.workspace = workspace;
  }

  /** The document as the file holds it. */
  get text(): string {
    return this.#text ?? shop.documentOf(this.workspace.tables);
  }

  /** Writes the file behind the page's back. */
  write(text: string): void {
    this.#text = text;
  }

  /** Sends an event to whoever listens. */
  emit(event: RunEvent): void {
    for (const receive of this.#receivers) receive(event);
  }

  async call<N extends CommandName>(name: N, request: Commands[N]["request"]): Promise<Commands[N]["response"]> {
    this.calls.push({ name, request });
    const answer = (this.answers[name] ?? this.#own[name]) as
      ((request: Commands[N]["request"]) => Commands[N]["response"]) | undefined;
    if (!answer)
      throw new HostError({
        code: "other",
        message: `the fake host has no answer to ${name}`,
        hint: null,
        side: "engine",
        table: null,
      });
    return structuredClone(await answer(request));
  }

  async listen(receive: (event: RunEvent) => void): Promise<() => void> {
    this.#receivers.add(receive);
    return () => this.#receivers.delete(receive);
  }

  /** Sends an event to whoever hears. */
  tell(event: AppEvent): void {
    for (const receive of this.#hearers) receive(event);
  }

  async hear(receive: (event: AppEvent) => void): Promise<() => void> {
    this.#hearers.add(receive);
    return () => this.#hearers.delete(receive);
  }

  async pickFile(_title: string, path: string): Promise<string | null> {
    return path;
  }

  async pickFolder(): Promise<string | null> {
    return shop.folder;
  }

  readonly #own: Answers = {
    app_start: () => ({
      version: "0.1.0",
      recent: [
        {
          folder: shop.folder,
          name: "shop",
          last_opened: new Date(Date.now() - 3_600_000).toISOString(),
          present: true,
        },
        {
          folder: "/home/kim/data/flux/ops-center-sync",
          name: "ops-center-sync",
          last_opened: new Date(Date.now() - 90_000_000).toISOString(),
          present: true,
        },
        {
          folder: "/mnt/old/kestra-migration",
          name: "kestra-migration",
          last_opened: "2026-10-11T09:00:00Z",
          present: false,
        },
      ],
      sample_folder: "/home/kim/.local/share/firn/sample",
      keyring: { available: true, message: null },
      settings: this.settings,
      layout: { sizes: {} },
    }),
    app_arrivals: () => ({ events: [] }),
    settings_show: () => this.settings,
    settings_save: (changes) => {
      this.settings = { ...this.settings, settings: { ...this.settings.settings, ...changes } };
      this.tell({ event: "settings", view: this.settings });
      return this.settings;
    },
    layout_save: ({ sizes }) => ({ sizes }),
    schedule_show: ({ folder }) => ({ ...(this.#scheduled ? shop.scheduleOn : shop.schedule), folder }),
    schedule_start: ({ folder }) => {
      this.#scheduled = true;
      return { ...shop.scheduleOn, folder };
    },
    schedule_stop: ({ folder }) => {
      this.#scheduled = false;
      return { ...shop.schedule, folder };
    },
    workspace_open: () => this.workspace,
    workspace_create: () => this.workspace,
    workspace_trust: () => {
      this.workspace = { ...this.workspace, trusted: true };
      return this.workspace;
    },
    connection_list: () => ({ connections: this.workspace.connections }),
    connection_check: ({ name }) => shop.checks[name] ?? { name, usable: true, findings: [], seconds: 0.1 },
    connection_parse_url: () => ({
      settings: {
        kind: "postgres",
        host: "db.internal",
        port: "5433",
        database: "shop",
        user: "reader",
        tls: "require",
      },
      has_secret: true,
    }),
    connection_save: ({ name, settings, role }) => {
      const saved = {
        name,
        kind: settings.kind ?? "postgres",
        address: settings.host ?? settings.path ?? "",
        label: settings.label ?? null,
        settings,
        needs_secret: settings.kind === "postgres",
        secret: "keyring",
        roles: role ? [role] : [],
      };
      this.workspace = {
        ...this.workspace,
        connections: [...this.workspace.connections.filter((known) => known.name !== name), saved],
      };
      return this.workspace;
    },
    connection_remove: ({ name }) => {
      this.workspace = {
        ...this.workspace,
        connections: this.workspace.connections.filter((known) => known.name !== name),
      };
      return this.workspace;
    },
    sync_status: () => ({
      tables: shop.status.filter((row) => this.workspace.tables.some((table) => table.source === row.source)),
    }),
    sync_discover: () => ({ tables: shop.discovered, yaml: "", written: 0 }),
    sync_plan: ({ tables }) => ({ tables: [{ ...shop.plan, source: tables[0] ?? shop.plan.source }] }),
    document_show: () => document.view(this.text),
    document_edit: ({ text, tables, template }) => document.edited(text, tables, template),
    document_save: ({ text }) => {
      this.#text = text;
      return this.workspace;
    },
    source_drift: () => {
      const table = this.workspace.tables[0];
      const isChanged = table && this.changes.length > 0;
      return { tables: isChanged ? [{ source: table.source, on_drift: "add", changes: this.changes }] : [] };
    },
    source_sizes: () => ({
      tables: this.workspace.tables.map((table, place) => ({
        source: table.source,
        estimated_rows: 900 * (place + 1) ** 5,
        bytes: 90_000 * (place + 1) ** 4,
      })),
    }),
    mapping_show: ({ table, document: text }) => {
      const base = table === "public.orders" ? shop.wideMapping : shop.mapping;
      const said = document.mapped(text ?? this.text, table);
      const told = new Map(said.treatments.map((one) => [one.column, one.treatment]));
      const shown = base.plan.columns.map((column) => {
        const treatment = told.get(column.name);
        const cast = base.casts
          .find((one) => one.columns.includes(column.name))
          ?.casts.find(
            (one) => treatment?.kind === "expression" && treatment.sql.endsWith(`::${one.form.replace("to ", "")}`),
          );
        return {
          ...column,
          transform:
            treatment?.kind === "expression" ? treatment.sql : treatment?.kind === "left_out" ? "left out" : null,
          ...(cast ? { target_type: cast.target_type, verdict: cast.verdict, note: cast.note } : {}),
        };
      });
      return {
        ...base,
        ...said,
        source: table,
        plan: { ...base.plan, source: table, columns: shown, changes: this.changes },
      };
    },
    sync_preview: ({ table }) => ({
      source: table,
      columns: shop.columns.map(({ name, transform, key }) => ({ name, transform, key })),
      rows: [1, 2, 3].map((at) =>
        shop.columns.map(({ name }) =>
          name === "email"
            ? { before: `Kim${at}@Example.com`, after: `kim${at}@example.com` }
            : { before: at === 3 ? null : `${name} ${at}`, after: at === 3 ? null : `${name} ${at}` },
        ),
      ),
      sampled: 1000,
      matching: 1000,
      complete: false,
      refused: [],
      worst: [
        { column: "email", what: "changed", value: null, characters: null, rows: 14 },
        { column: "email", what: "longest", value: "kim@example.com", characters: 15, rows: null },
        { column: "tier", what: "longest", value: "platinum", characters: 8, rows: null },
      ],
    }),
    sync_run: () => ({ run_id: shop.activeRun.run_id }),
    sync_errors: () => ({ errors: this.workspace.tables.length > 0 ? shop.rejected : [] }),
    sync_log: () => ({ entries: [] }),
    run_history: () => ({ runs: this.workspace.runs }),
    run_state: ({ run_id }) => {
      if (run_id === shop.activeRun.run_id) return shop.activeRun;
      const summary = shop.runs.find((run) => run.run_id === run_id);
      return {
        ...shop.activeRun,
        run_id,
        status: summary?.status ?? "success",
        seconds: 40,
        started_at: summary?.started_at ?? shop.activeRun.started_at,
        tables: shop.activeRun.tables.filter((table) => table.stage === "done"),
      };
    },
    run_chart: ({ width, height, dark }) => ({ svg: chart(width, height, dark) }),
    run_chart_save: ({ path }) => ({ path, bytes: 48_211 }),
    run_record: async ({ run_id, table }) => record(await this.call("run_state", { run_id }), table),
    rejected_rows: (asked) => rejectedRows(this.workspace.tables.length > 0 ? this.rejected : [], asked),
    rejected_row: ({ id }) => {
      const found = this.rejected.find((row) => row.id === id);
      if (!found)
        throw new HostError({ code: "not_found", message: `no row ${id}`, hint: null, side: null, table: null });
      return found;
    },
    rejected_values: ({ ids }) => rejectedValues(this.rejected, ids),
    rejected_remedies: ({ table }) => remediesOf(this.rejected, table),
    rejected_try: (asked) => triedOn(this.rejected, asked),
    rows_open: ({ table, side, filters, most }) => {
      const wide = table === "public.orders";
      const rows = filters.length > 0 ? 1_204 : wide ? 1_000_000 : 48_211;
      return {
        list: wide ? "wide" : "narrow",
        table: side === "source" ? table : table.replace("public.", "analytics."),
        columns: rowColumns(wide),
        rows: Math.min(most, rows),
        complete: most >= rows,
        most_chars: 1_000,
      };
    },
    rows_page: ({ list, first_row, rows, first_column, columns, whole }) =>
      arrowPage(list === "wide", { first_row, rows, first_column, columns, whole }),
    rows_cancel: () => ({ pages: 0 }),
    rows_close: () => ({ pages: 0 }),
    sync_verify: ({ tables, repair }) => ({
      equal: repair,
      tables: (tables.length > 0 ? tables : shop.tables.map(({ source }) => source)).map((source) => ({
        ...shop.verdict,
        source,
        ...(repair || source !== "public.customers" ? shop.repaired : {}),
        ...(repair ? {} : { repaired: null }),
      })),
      error: null,
    }),
    sync_cancel: () => ({ ...shop.activeRun, status: "cancelling", seq: shop.activeRun.seq + 1 }),
    sync_retry: ({ tables }) => ({
      run_id: "retry",
      status: "partial",
      tables: [
        {
          source: tables[0] ?? "public.customers",
          target: "shop.customers",
          status: "partial",
          rows_merged: 1,
          rows_gone: 0,
          rows_rejected: 2,
          rows_without_key: 0,
          seconds: 0.2,
          error: null,
          findings: [],
        },
      ],
    }),
    sync_discard: ({ ids, note }) => ({ discarded: ids, not_open: [], note }),
    sync_reset: ({ table, to }) => ({ source: table, from: "2026-11-20", to }),
  };
}
