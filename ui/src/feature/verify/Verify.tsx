import "./verify.css";
import { Scale, Square, Wrench } from "lucide-react";
import { useState } from "react";
import { navigate, useAction } from "../../action";
import { clock, count, counted, shellWord } from "../../data/format";
import { keepVerdict, mayConnect, useCommand, useVerdict } from "../../data/queries";
import { goesOn } from "../../data/run";
import { valueText } from "../../data/value";
import type { Word } from "../../data/words";
import { useOpenWorkspace, useRunOf } from "../../data/workspace";
import { type DifferingKeyView, errorView, type VerifiedTable } from "../../host";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import {
  ActionButton,
  Button,
  Dialog,
  Divider,
  Finding,
  Icon,
  Label,
  Nothing,
  SameAsText,
  State,
  TextField,
  Trouble,
  Value,
  WordGlyph,
} from "../../kit";

/** Most differing keys that are shown; all are counted. */
const LISTED = 1000;

/** One table held against its source: counts, the keys that differ and their cells, and the repair. */
export function Verify({ table }: { table: string }) {
  const { workspace, feed } = useOpenWorkspace();
  const folder = workspace.folder;
  const verdict = useVerdict(folder, table);
  const verify = useCommand("sync_verify", (client, answer, request) => {
    for (const one of answer.tables) keepVerdict(client, request.folder, one);
  });
  const cancel = useCommand("sync_cancel");
  const going = useRunOf(feed, table, verify.isPending);
  const [asking, setAsking] = useState(false);
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const [kind, setKind] = useState<string | null>(null);

  const connects = mayConnect(workspace);
  const busy = verify.isPending ? "a comparison goes on" : null;
  const cannot = !connects ? "nothing may be connected yet" : busy;
  const run = (repair: boolean) => verify.mutate({ folder, tables: [table], repair, limit: LISTED });
  useAction("verify.run", () => run(false), cannot, table);
  useAction(
    "verify.repair",
    () => setAsking(true),
    cannot ?? (!verdict ? "compare first" : verdict.differing_keys === 0 ? "nothing differs" : null),
    table,
  );
  const runId = going && going.view && goesOn(going.view.status) ? going.runId : null;
  useAction(
    "verify.cancel",
    () => runId && cancel.mutate({ run_id: runId }),
    !verify.isPending ? "nothing goes on" : runId ? (cancel.isPending ? "one moment" : null) : "it is beginning",
  );

  const shown = (verdict?.keys ?? []).filter((one) => kind === null || one.kind === kind);
  const chosen = shown.find((one) => keyText(one) === chosenKey) ?? shown[0] ?? null;
  const line = going?.view?.tables.find((one) => one.source === table);
  const failed = verify.data?.error ?? verdict?.error ?? null;
  return (
    <div className="page verify">
      <div className="head">
        <h1 className="cut">
          <code>{table}</code> against its source
        </h1>
        {verdict && <StateOf verdict={verdict} />}
        <div className="acts">
          {verify.isPending ? (
            <ActionButton id="verify.cancel" look="danger">
              <Icon of={Square} small />
              Cancel
            </ActionButton>
          ) : (
            verdict &&
            verdict.differing_keys > 0 && (
              <ActionButton id="verify.repair">
                <Icon of={Wrench} small />
                Repair…
              </ActionButton>
            )
          )}
          <ActionButton id="verify.run" look="primary">
            <Icon of={Scale} small />
            {verdict ? "Compare again" : "Compare"}
          </ActionButton>
        </div>
      </div>
      {verify.isPending && (
        <div className="going" role="status">
          <State tone="running">
            {line && line.rows_read > 0 ? `${count(line.rows_read)} rows compared` : "Asking source and target"}
            {going?.view ? `, ${clock(going.view.seconds)}` : ""}
          </State>
        </div>
      )}
      {verify.isError && <Trouble error={errorView(verify.error)} title={<b>Nothing was compared</b>} />}
      {!verify.isPending && failed && <Trouble error={failed} title={<b>The table was not compared</b>} />}
      {cancel.isError && <Trouble error={errorView(cancel.error)} title={<b>It was not cancelled</b>} />}
      {!verdict ? (
        !verify.isPending && (
          <Nothing
            title="Not compared yet"
            command={`firn sync verify ${shellWord(table)}`}
            acts={<ActionButton id="verify.run" look="primary" />}
          >
            Every row of the source is held against its copy, by count and content. What a watermark cannot see is found
            here: rows of a clock that was behind, changes in the target, lost deletes.
          </Nothing>
        )
      ) : (
        <>
          <Figures verdict={verdict} />
          <div className="split folds">
            <section className="pane wide" aria-label="Keys that differ">
              <div className="filter-bar">
                <div className="filters" role="group" aria-label="Differences">
                  <button type="button" aria-pressed={kind === null} onClick={() => setKind(null)}>
                    All <b>{count(verdict.differing_keys)}</b>
                  </button>
                  {kinds
                    .filter(({ id }) => verdict[id] > 0)
                    .map(({ id, word }) => (
                      <button
                        type="button"
                        key={id}
                        aria-pressed={kind === id}
                        onClick={() => setKind(kind === id ? null : id)}
                      >
                        <WordGlyph of={word} /> {word.word} <b>{count(verdict[id])}</b>
                      </button>
                    ))}
                </div>
                {verdict.keys.length < verdict.differing_keys && (
                  <span className="faint">
                    the first {count(verdict.keys.length)} of {count(verdict.differing_keys)} are listed
                  </span>
                )}
              </div>
              {verdict.differing_keys === 0 ? (
                <Nothing
                  title={verdict.status === "equal" ? "Source and target are equal" : "Nothing is known to differ"}
                >
                  {counted(verdict.rows_source, "row")} were compared by key and content
                  {verdict.waiting > 0 ? `; ${count(verdict.waiting)} wait for the next run` : ""}.
                </Nothing>
              ) : (
                <RowGrid
                  label="Keys that differ"
                  columns={columns}
                  rows={shown}
                  rowKey={keyText}
                  selected={chosen ? keyText(chosen) : null}
                  onSelect={(one) => setChosenKey(keyText(one))}
                  autoFocus
                />
              )}
              <div className="same-as-text">
                <SameAsText command={`firn sync verify ${shellWord(table)}`} />
              </div>
            </section>
            <section className="pane inspector" aria-label="Cells">
              <Divider pane="inspector" />
              <div className="scroll">
                {chosen && <Cells of={chosen} />}
                {Object.keys(verdict.columns).length > 0 && <ByColumn verdict={verdict} />}
                {verdict.findings.length > 0 && (
                  <ul>
                    {verdict.findings.map((finding) => (
                      <Finding key={`${finding.code}${finding.message}`} of={finding} />
                    ))}
                  </ul>
                )}
              </div>
            </section>
          </div>
        </>
      )}
      {asking && verdict && (
        <Repair
          verdict={verdict}
          production={
            workspace.connections.find((one) => one.name === workspace.target)?.label === "production"
              ? workspace.target
              : null
          }
          onClose={() => setAsking(false)}
          onRepair={() => {
            setAsking(false);
            run(true);
          }}
        />
      )}
      <BackToTable table={table} />
    </div>
  );
}

/** Esc leads back to the table; this keeps the way visible, too. */
function BackToTable({ table }: { table: string }) {
  return (
    <div className="foot-line">
      <Button compact look="quiet" onPress={() => navigate({ screen: "tables", table })}>
        Back to the table
      </Button>
    </div>
  );
}

const kinds: readonly { id: "missing" | "extra" | "changed"; word: Word }[] = [
  { id: "missing", word: { tone: "failed", word: "Missing in the target" } },
  { id: "extra", word: { tone: "warn", word: "Only in the target" } },
  { id: "changed", word: { tone: "warn", word: "Other values" } },
];

const statusWords: Record<string, Word> = {
  equal: { tone: "ok", word: "Equal" },
  different: { tone: "failed", word: "Different" },
  failed: { tone: "failed", word: "Failed" },
  cancelled: { tone: "off", word: "Cancelled" },
  held: { tone: "warn", word: "Held by another" },
};

function StateOf({ verdict }: { verdict: VerifiedTable }) {
  const word = statusWords[verdict.status] ?? { tone: "off" as const, word: verdict.status };
  return <State tone={word.tone}>{word.word}</State>;
}

function keyText(one: DifferingKeyView): string {
  return `${one.kind} ${Object.entries(one.key)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(", ")}`;
}

const columns: readonly GridColumn<DifferingKeyView>[] = [
  {
    id: "kind",
    head: "Difference",
    width: 178,
    cell: (one) => {
      const word = kinds.find(({ id }) => id === one.kind)?.word;
      return word ? <State tone={word.tone}>{word.word}</State> : one.kind;
    },
  },
  {
    id: "key",
    head: "Key",
    width: 180,
    grow: 2,
    mono: true,
    cell: (one) =>
      Object.entries(one.key)
        .map(([column, value]) => `${column} ${valueText(value)}`)
        .join(", "),
    whole: (one) => keyText(one),
  },
  {
    id: "cells",
    head: "Columns that differ",
    width: 160,
    grow: 3,
    mono: true,
    cell: (one) => one.cells.map(({ column }) => column).join(", ") || "–",
    whole: (one) => one.cells.map(({ column }) => column).join(", ") || null,
  },
  { id: "reason", head: "Why, where it is known", width: 140, grow: 2, cell: (one) => one.reason ?? "" },
];

function Figures({ verdict }: { verdict: VerifiedTable }) {
  const figures: [string, string, string][] = [
    ["Rows in the source", count(verdict.rows_source), ""],
    ["Rows in the target", count(verdict.rows_target), ""],
    [
      "Keys that differ",
      count(verdict.differing_keys),
      verdict.rejected > 0 ? `${count(verdict.rejected)} rejected` : "",
    ],
    ["Waiting for the next run", count(verdict.waiting), ""],
    ["Took", clock(verdict.seconds), ""],
  ];
  return (
    <div className="figures">
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <div className="name">{name}</div>
          <div className="value">{value}</div>
          {note && <div className="note">{note}</div>}
        </div>
      ))}
    </div>
  );
}

/** The cells of one key, source and target side by side. */
function Cells({ of: one }: { of: DifferingKeyView }) {
  return (
    <>
      <div className="section-head">
        <h2>Cells</h2>
        <span className="faint">{one.cells.length}</span>
      </div>
      {one.cells.length === 0 ? (
        <p className="pad soft">
          {one.kind === "missing"
            ? "The target has no row of this key."
            : one.kind === "extra"
              ? "The source has no row of this key."
              : "The cells of this key were not looked at."}
          {one.reason && ` ${one.reason}`}
        </p>
      ) : (
        <table className="plain cells">
          <thead>
            <tr>
              <th>Column</th>
              <th>Source</th>
              <th>Target</th>
            </tr>
          </thead>
          <tbody>
            {one.cells.map((cell) => (
              <tr key={cell.column}>
                <td className="mono">{cell.column}</td>
                <td className="mono strong">
                  <Value of={cell.source} />
                </td>
                <td className="mono soft">
                  <Value of={cell.target} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** How often each column differs. */
function ByColumn({ verdict }: { verdict: VerifiedTable }) {
  return (
    <>
      <div className="section-head">
        <h2>By column</h2>
        <span className="faint">among {counted(verdict.cells_of, "changed key")}</span>
      </div>
      <dl className="facts pad">
        {Object.entries(verdict.columns).map(([column, cells]) => (
          <div key={column} className="pair">
            <dt>
              <code>{column}</code>
            </dt>
            <dd>{count(cells)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** What the repair will do; a production target is named before it is written to. */
function Repair({
  verdict,
  production,
  onClose,
  onRepair,
}: {
  verdict: VerifiedTable;
  production: string | null;
  onClose: () => void;
  onRepair: () => void;
}) {
  const [typed, setTyped] = useState("");
  const guarded = production !== null && typed !== production;
  return (
    <Dialog
      title={`Repair ${verdict.target}`}
      onClose={onClose}
      foot={
        <>
          <Button keys="Escape" onPress={onClose}>
            Leave it
          </Button>
          <Button
            look="primary"
            onPress={onRepair}
            unavailable={guarded ? `type ${production} first` : null}
            autoFocus={production === null}
          >
            Repair
          </Button>
        </>
      }
    >
      <div className="repair">
        <p>
          {counted(verdict.missing + verdict.changed, "row")} will be read from the source again by key and written to
          the target. {verdict.extra > 0 && `${counted(verdict.extra, "row")} that the source does not have any more `}
          {verdict.extra > 0 && "will be deleted or marked where the table's deletes are synced, and stay otherwise."}
        </p>
        <p className="soft">The same keys are compared again afterwards.</p>
        {production !== null && (
          <>
            <p>
              <Label text="production" /> Type <code>{production}</code> to write there.
            </p>
            <TextField label="Name of the connection" value={typed} onChange={setTyped} autoFocus />
          </>
        )}
      </div>
    </Dialog>
  );
}
