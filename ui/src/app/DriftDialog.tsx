import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { navigate } from "../action";
import { accepted, type AskDrift, AskDriftProvider, driftNow, stops, unaccepted } from "../data/drift";
import { count, counted } from "../data/format";
import { keys } from "../data/queries";
import { type TableDriftView, useHost, type WorkspaceView } from "../host";
import { Button, Changes, Dialog, State } from "../kit";

/** How long a look goes on in silence: most are over before a dialog could be read. */
const SILENCE_MS = 200;

/** A run that waits for the look, and then for the person. */
type Waiting = {
  folder: string;
  /** The tables of the run, by name. */
  tables: readonly string[];
  /** What has changed and was not accepted; null while it is looked for. */
  found: readonly TableDriftView[] | null;
  answer: (tables: readonly string[] | null) => void;
};

/** Gives the question about drift to everything below: a look where nothing young is known, and the sheet where something
 * has changed. A look that fails asks nothing: the run meets the same trouble, and says so. */
export function DriftAsked({ children }: { children: ReactNode }) {
  const host = useHost();
  const client = useQueryClient();
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const ask = useCallback<AskDrift>(
    (folder, tables) =>
      new Promise((resolve) => {
        const of = tables.length > 0 ? tables : tablesOf(client.getQueryData(keys.workspace(folder)));
        const answer = (chosen: readonly string[] | null) => {
          setWaiting((known) => (known?.answer === answer ? null : known));
          resolve(chosen);
        };
        setWaiting({ folder, tables: of, found: null, answer });
        void driftNow(client, host, folder)
          .then((view) => unaccepted(folder, view, tables))
          .catch(() => [])
          .then((found) => {
            if (found.length === 0) answer(tables);
            else setWaiting((known) => (known?.answer === answer ? { ...known, found } : known));
          });
      }),
    [client, host],
  );
  return (
    <AskDriftProvider value={ask}>
      {children}
      {waiting && (waiting.found ? <DriftSheet {...waiting} found={waiting.found} /> : <Looking waiting={waiting} />)}
    </AskDriftProvider>
  );
}

function tablesOf(workspace: WorkspaceView | undefined): readonly string[] {
  return workspace?.tables.map((table) => table.source) ?? [];
}

/** The look that is waited for. */
function Looking({ waiting: { tables, answer } }: { waiting: Waiting }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SILENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return null;
  return (
    <Dialog
      title="Looking for drift"
      onClose={() => answer(null)}
      leave="Cancel the run"
      foot={<Button onPress={() => answer(tables)}>Run without looking</Button>}
    >
      <div className="body">
        <State tone="running">
          The source is asked what has changed in {counted(tables.length, "table")} since the last run
        </State>
      </div>
    </Dialog>
  );
}

/** What has changed in the tables of a run: accepted, or settled first. */
function DriftSheet({ folder, tables, found, answer }: Waiting & { found: readonly TableDriftView[] }) {
  const stopping = found.filter(stops).map((table) => table.source);
  const going = tables.filter((source) => !stopping.includes(source));
  const accept = () => {
    for (const table of found) if (!stops(table)) accepted.add(folder, table);
    answer(going);
  };
  return (
    <Dialog
      title={`The source of ${counted(found.length, "table")} has changed since the last run`}
      onClose={() => answer(null)}
      leave="Not now"
      foot={
        <Button
          look="primary"
          autoFocus
          unavailable={going.length === 0 ? "what has changed stops every table of the run" : null}
          onPress={accept}
        >
          {stopping.length === 0 ? "Accept and run" : `Run without ${count(stopping.length)}`}
        </Button>
      }
    >
      <div className="body drift">
        {found.map((table) => (
          <section key={table.source} aria-label={table.source}>
            <div className="line">
              <h2 className="cut">
                <code>{table.source}</code>
              </h2>
              {stops(table) && <State tone="failed">would stop</State>}
              <span className="push">
                <Button
                  compact
                  onPress={() => {
                    answer(null);
                    navigate({ screen: "mapping", table: table.source, column: null });
                  }}
                >
                  Open its mapping
                </Button>
              </span>
            </div>
            <Changes of={table.changes} />
          </section>
        ))}
      </div>
    </Dialog>
  );
}
