import "./welcome.css";
import { Folder, Layers, Plus, Table2 } from "lucide-react";
import type { ReactNode } from "react";
import { when } from "../../data/format";
import type { AppView, ErrorView, RecentWorkspace } from "../../host";
import { ActionButton, Button, Glyph, Icon, SameAsText, State, Trouble } from "../../kit";

type WelcomeProps = {
  app: AppView;
  /** What is being opened; null while nothing is. */
  opening: string | null;
  error: ErrorView | null;
  onRecent: (folder: string) => void;
  onForget: (folder: string) => void;
  /** What was told from outside the page. */
  strips: ReactNode;
  statusBar: ReactNode;
};

/** The first screen: the sample, a folder, a new workspace, and the ones opened before. */
export function Welcome({ app, opening, error, onRecent, onForget, strips, statusBar }: WelcomeProps) {
  return (
    <div className="welcome">
      <div className="strips">{strips}</div>
      <main>
        {error && <Trouble error={error} title={<b>The workspace was not opened</b>} />}
        <div>
          <h1>
            <Icon of={Layers} />
            Firn
          </h1>
          <p className="lead">
            Moves tables from Postgres into a warehouse, exactly once, and shows what it did.
            <br />A workspace is a folder with a <code>firn.yaml</code>. Start with one:
          </p>
          <ul className="ways">
            <li className="first">
              <Icon of={Table2} />
              <div>
                <b>Sample workspace</b>
                <div className="soft">
                  Six tables of a small shop in a private PostgreSQL, synced into an embedded DuckDB.
                </div>
              </div>
              <ActionButton id="workspace.sample" look="primary" autoFocus>
                {opening === app.sample_folder ? "Opening…" : "Open sample"}
              </ActionButton>
            </li>
            <li>
              <Icon of={Folder} />
              <div>
                <b>Existing workspace</b>
                <div className="soft">
                  A folder with a <code>firn.yaml</code>. Nothing connects until you say so.
                </div>
              </div>
              <ActionButton id="workspace.open">Open folder…</ActionButton>
            </li>
            <li>
              <Icon of={Plus} />
              <div>
                <b>New workspace</b>
                <div className="soft">
                  Paste a connection URL; Firn proposes keys and types. It only reads until you press Run.
                </div>
              </div>
              <ActionButton id="workspace.new">New…</ActionButton>
            </li>
          </ul>
          <p className="without">
            <SameAsText lead="Without a window:" command="firn init --sample && firn sync run" />
          </p>
        </div>
        <aside aria-label="Recent workspaces and what is ready">
          <h2>Recent</h2>
          {app.recent.length === 0 ? (
            <p className="faint">Workspaces that you open are listed here.</p>
          ) : (
            <ul className="recent">
              {app.recent.map((recent) => (
                <Recent
                  key={recent.folder}
                  recent={recent}
                  opening={opening === recent.folder}
                  onOpen={onRecent}
                  onForget={onForget}
                />
              ))}
            </ul>
          )}
          <h2>Ready to use</h2>
          <ul className="ready">
            <li>
              <State tone={app.keyring.available ? "ok" : "warn"}>Keyring</State>
              <span>{app.keyring.available ? "answers" : (app.keyring.message ?? "does not answer")}</span>
            </li>
            <li>
              <State tone="ok">Warehouse</State>
              <span>DuckDB, embedded</span>
            </li>
          </ul>
          <p className="settings-way">
            <ActionButton id="go.settings" compact />
          </p>
        </aside>
      </main>
      {statusBar}
    </div>
  );
}

function Recent({
  recent,
  opening,
  onOpen,
  onForget,
}: {
  recent: RecentWorkspace;
  opening: boolean;
  onOpen: (folder: string) => void;
  onForget: (folder: string) => void;
}) {
  return (
    <li>
      <button
        type="button"
        className="open"
        onClick={() => onOpen(recent.folder)}
        aria-disabled={!recent.present || undefined}
        title={recent.folder}
      >
        <Icon of={Folder} />
        <span className={recent.present ? "strong cut" : "faint cut"}>{recent.name}</span>
        <span className="faint small">{!recent.present ? "" : opening ? "opening…" : when(recent.last_opened)}</span>
        <code className="folder soft cut">{recent.folder}</code>
      </button>
      {!recent.present && (
        <span className="line">
          <span className="state warn">
            <Glyph tone="warn" />
            folder is gone
          </span>
          <Button look="quiet" compact onPress={() => onForget(recent.folder)}>
            Forget
          </Button>
        </span>
      )}
    </li>
  );
}
