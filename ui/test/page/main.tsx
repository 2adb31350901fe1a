// The window's page on a fake host, to look at screens in a browser: npm run dev, then /test/page/?scene=NAME&theme=dark#/runs
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "@fontsource-variable/jetbrains-mono/wght-italic.css";
import "../../src/style/tokens.css";
import "../../src/style/base.css";
import "../../src/style/frame.css";
import "../../src/style/control.css";
import "../../src/style/state.css";
import { start } from "../../src/app/start";
import { HostError, type WorkspaceView } from "../../src/host";
import * as shop from "../fake/shop";
import { FakeHost } from "../fake/host";
import { manyRejected } from "../fake/rejected";

const asked = new URLSearchParams(location.search);
const scene = asked.get("scene") ?? "shop";

const fresh: WorkspaceView = {
  ...shop.workspace,
  connections: [],
  source: null,
  target: null,
  state: null,
  tables: [],
  runs: [],
};
const schemas = ["public", "billing", "orders_archive", "متجر"];
const many: WorkspaceView = {
  ...shop.workspace,
  tables: [
    ...shop.workspace.tables,
    ...Array.from({ length: 194 }, (_, place) => ({
      source:
        place === 7
          ? "billing.a_table_whose_name_is_as_long_as_postgresql_lets_it_be_63_bytes"
          : `${schemas[place % 4]}.${place % 9 === 3 ? "الطلبات" : "table"}_${place}`,
      target: `analytics.table_${place}`,
      pk: ["id"],
      watermark_column: "updated_at",
      mode: "incremental",
      deletes: "ignore",
      last: null,
    })),
  ],
};
const workspaces: Record<string, WorkspaceView> = {
  shop: shop.workspace,
  fresh,
  many,
  drift: shop.workspace,
  looking: shop.workspace,
  running: { ...shop.workspace, active_run: shop.activeRun.run_id },
  cancelling: { ...shop.workspace, active_run: shop.activeRun.run_id },
  tables200: { ...shop.workspace, active_run: shop.activeRun.run_id },
  untrusted: { ...shop.workspace, trusted: false },
  production: {
    ...shop.workspace,
    connections: shop.workspace.connections.map((one) =>
      one.name === "warehouse" ? { ...one, label: "production" } : one,
    ),
  },
  problems: {
    ...shop.workspace,
    problems: [
      {
        file: "firn.yaml",
        line: 14,
        column: 3,
        key: "tables[2].watermark",
        message: "Unknown key watermark.",
        hint: "Did you mean watermark_column?",
      },
    ],
  },
};
const host = new FakeHost({}, workspaces[scene] ?? shop.workspace);
const theme = asked.get("theme");
if (theme === "light" || theme === "dark")
  host.settings = { ...shop.settings, settings: { ...shop.settings.settings, theme } };
if (scene === "drift" || scene === "looking") host.changes = shop.changes;
if (scene === "looking") host.answers.source_drift = () => new Promise(() => undefined);
if (scene === "welcome-empty") {
  const app = await host.call("app_start", {});
  host.answers.app_start = () => ({
    ...app,
    recent: [],
    keyring: {
      available: false,
      message: "No keyring answers on this machine. Start gnome-keyring or KWallet, or set FIRN_SECRET_<CONNECTION>.",
    },
  });
}
const first = shop.rejected[0];
if (scene === "many" && first) host.rejected = manyRejected(first, 10_000);
if (scene === "wide" && first)
  host.rejected = manyRejected(
    {
      ...first,
      payload: Object.fromEntries([
        ...Object.entries(first.payload ?? {}),
        ...Array.from({ length: 264 }, (_, at) => [`AAG COLUMN ${at}`, at % 5 === 0 ? `value ${at}` : null]),
      ]),
    },
    40,
  );
if (scene === "tables200") {
  const lines = Array.from({ length: 200 }, (_, at) =>
    shop.progress(
      `a_schema_of_a_long_name_${at % 7}.table_with_a_rather_long_name_number_${at}`,
      at < 3 ? "reading" : at < 120 ? "done" : "queued",
      {
        rows_read: at < 120 ? 1000 * at : 0,
        rows_merged: at < 120 ? 1000 * at : 0,
      },
    ),
  );
  host.answers.run_state = () => ({ ...shop.activeRun, tables: lines });
}
if (scene === "cancelling") host.answers.run_state = () => ({ ...shop.activeRun, status: "cancelling" });
if (scene === "interrupted")
  host.answers.run_state = () => ({
    ...shop.activeRun,
    status: "interrupted",
    tables: shop.activeRun.tables.map((table) =>
      table.stage === "failed" ? { ...table, stage: "queued", error: null, result: null } : table,
    ),
  });
if (scene === "verified")
  setTimeout(() => {
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }),
    );
  }, 1800);
if (scene === "down")
  host.answers.sync_status = () => {
    throw new HostError({
      code: "transient",
      message: "app_db refused the connection: db.internal:5432, connection refused.",
      hint: "Start the server, or check host and port with firn connection check app_db.",
      side: "state",
      table: null,
    });
  };
const font = asked.get("font");
if (font) document.documentElement.style.setProperty("--font-ui", font);
if (!scene.startsWith("welcome")) {
  // The folder that was named when the window was opened: told as soon as somebody hears.
  const hear = host.hear.bind(host);
  host.hear = async (receive) => {
    const stop = await hear(receive);
    receive({ event: "open", folder: shop.folder });
    host.hear = hear;
    return stop;
  };
}
start(host);
if (!scene.startsWith("welcome")) setTimeout(() => host.tell({ event: "open", folder: shop.folder }), 100);
const wanted = location.hash;
if (wanted)
  setTimeout(() => {
    location.hash = "";
    location.hash = wanted;
  }, 900);
for (const keys of asked.getAll("press"))
  setTimeout(() => {
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent("keydown", { key: keys.replace("mod+", ""), ctrlKey: keys.startsWith("mod+"), bubbles: true }),
    );
  }, 900);

// Further steps, one after the other: do=press:y, do=click:Table (a button's words or label), do=fill:LABEL=TEXT.
const shownText = (element: Element) => (element.textContent ?? "").replace(/\s+/g, " ").trim();
const named = (css: string, name: string) =>
  [...document.querySelectorAll<HTMLElement>(css)].find(
    (one) =>
      one.getAttribute("aria-label") === name || shownText(one) === name || shownText(one).startsWith(`${name}Ctrl`),
  );
asked.getAll("do").forEach((step, place) =>
  setTimeout(
    () => {
      const [what = "", rest = ""] = [step.slice(0, step.indexOf(":")), step.slice(step.indexOf(":") + 1)];
      if (what === "press")
        (document.activeElement ?? document.body).dispatchEvent(
          new KeyboardEvent("keydown", {
            key: rest.replace("mod+", ""),
            ctrlKey: rest.startsWith("mod+"),
            bubbles: true,
          }),
        );
      else if (what === "click") named("button, a, input, [role=radio]", rest)?.click();
      else if (what === "write") host.write(host.text.replace(rest.split("=>")[0] ?? "", rest.split("=>")[1] ?? ""));
      else if (what === "fill") {
        const [label = "", text = ""] = [rest.slice(0, rest.indexOf("=")), rest.slice(rest.indexOf("=") + 1)];
        const labelled = named("label", label)?.getAttribute("for");
        const field = (labelled ? document.getElementById(labelled) : named("input, textarea, select", label)) as
          HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | null;
        if (!field) return;
        field.focus();
        const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value")?.set;
        set?.call(field, text.startsWith("+") ? field.value + text.slice(1) : text);
        field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? "change" : "input", { bubbles: true }));
      }
    },
    1800 + place * 700,
  ),
);
