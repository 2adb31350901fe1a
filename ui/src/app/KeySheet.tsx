import { actions, type ActionSpec, type Scope } from "../action";
import { Button, Dialog, Keys } from "../kit";
import "./over.css";

const scopeNames: Record<Scope, string> = {
  everywhere: "Everywhere",
  welcome: "First screen",
  workspace: "In a workspace",
  overview: "Overview",
  connections: "Connections",
  tables: "Tables",
  mapping: "Mapping of a table",
  verify: "Comparison with the source",
  verifyAll: "Comparison of all tables",
  rows: "Rows",
  find: "Find tables",
  runs: "Runs",
  rejected: "Rejected rows",
  settings: "Settings",
};

/** Every key, from the one list of actions. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const all: readonly ActionSpec[] = actions;
  const groups = Map.groupBy(
    all.filter((action) => action.keys),
    (action) => action.scope,
  );
  return (
    <Dialog
      title="Keys"
      onClose={onClose}
      foot={
        <Button keys="Escape" onPress={onClose} autoFocus>
          Close
        </Button>
      }
    >
      <div className="body key-sheet" tabIndex={0} role="group" aria-label="All keys">
        {[...groups].map(([scope, list]) => (
          <section key={scope}>
            <h3>{scopeNames[scope]}</h3>
            <dl>
              {list.map((action) => (
                <div key={action.id}>
                  <dt>{action.title}</dt>
                  <dd>{action.keys && <Keys of={action.keys} />}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Lists</h3>
          <dl>
            {listKeys.map(([text, keys]) => (
              <div key={text}>
                <dt>{text}</dt>
                <dd>
                  <Keys of={keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

const listKeys: readonly [string, string][] = [
  ["Row up, row down", "↑ ↓"],
  ["First, last", "Home End"],
  ["Page up, page down", "PgUp PgDn"],
  ["Tick", "Space"],
  ["Open", "Enter"],
];
