import "./connections.css";
import { Archive, Database, Folder, HardDrive, type LucideIcon, Plus, Server, Snowflake, Table2 } from "lucide-react";
import { useEffect, useState } from "react";
import { navigate, useAction } from "../../action";
import { span } from "../../data/format";
import { useConnections, useLastCheck } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { type CheckView, type ConnectionView, errorView } from "../../host";
import { ActionButton, Divider, Icon, Label, Nothing, SameAsText, State, Swatch, Trouble, Waiting } from "../../kit";
import { Editor } from "./Editor";
import { looksLikeUrl } from "./form";
import { kindText } from "./kinds";

/** The name in the address that stands for a connection not saved yet. */
const NEW = "+";

/** What a new form begins with: a pasted URL, or the settings of another connection. */
type Beginning = { pasted: string | null; like: string | null };

/** Connections of the workspace: list, form, check. */
export function Connections({ name }: { name: string | null }) {
  const { workspace } = useOpenWorkspace();
  const asked = useConnections(workspace.folder);
  const connections = asked.data ?? workspace.connections;
  const chosen =
    name === NEW ? null : (connections.find((connection) => connection.name === name) ?? connections[0] ?? null);
  const isNew = name === NEW || connections.length === 0;
  const [begin, setBegin] = useState<Beginning>({ pasted: null, like: null });
  const startNew = (beginning: Beginning) => {
    setBegin(beginning);
    navigate({ screen: "connections", name: NEW });
  };
  useAction("connection.new", () => startNew({ pasted: null, like: null }));
  useAction(
    "connection.duplicate",
    () => chosen && startNew({ pasted: null, like: chosen.name }),
    isNew || !chosen ? "choose a saved connection first" : null,
    isNew ? null : (chosen?.name ?? null),
  );
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text") ?? "";
      if (!looksLikeUrl(text)) return;
      event.preventDefault();
      setBegin({ pasted: text.trim(), like: null });
      navigate({ screen: "connections", name: NEW });
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, []);

  return (
    <div className="split connections">
      <section className="pane list" aria-label="Connections">
        <Divider pane="list" />
        <div className="pane-head">
          <h1>Connections</h1>
          <span className="faint">{connections.length}</span>
          <div className="acts">
            <ActionButton id="connection.new" compact>
              <Icon of={Plus} small />
              New
            </ActionButton>
          </div>
        </div>
        <div className="scroll">
          {asked.isError && (
            <Trouble error={errorView(asked.error)} title={<b>Where secrets are kept is not known</b>} tone="warn" />
          )}
          <ul className="list-of">
            {connections.map((connection) => (
              <ListLine
                key={connection.name}
                folder={workspace.folder}
                connection={connection}
                current={!isNew && connection.name === chosen?.name}
              />
            ))}
          </ul>
          <div className="pad soft">
            {connections.length === 0 ? (
              <p>A source and a target are needed: a PostgreSQL, and a DuckDB file to sync into.</p>
            ) : (
              <p>Paste a URL anywhere on this screen to fill a new form.</p>
            )}
            <SameAsText lead="" command="firn connection add NAME" />
          </div>
        </div>
      </section>
      {isNew ? (
        <Editor
          key={`new ${begin.pasted ?? begin.like ?? ""}`}
          connection={null}
          connections={connections}
          pasted={begin.pasted}
          like={connections.find((connection) => connection.name === begin.like) ?? null}
        />
      ) : chosen ? (
        <Editor key={chosen.name} connection={chosen} connections={connections} pasted={null} like={null} />
      ) : asked.isPending ? (
        <Waiting text="Reading connections" />
      ) : (
        <Nothing title="No connection" command="firn connection add NAME" />
      )}
    </div>
  );
}

const icons: Record<string, LucideIcon> = {
  postgres: Database,
  duckdb: Table2,
  snowflake: Snowflake,
  sqlserver: Server,
  s3: Archive,
  folder: Folder,
};

function ListLine({ folder, connection, current }: { folder: string; connection: ConnectionView; current: boolean }) {
  const check = useLastCheck(folder, connection.name);
  return (
    <li>
      <button
        type="button"
        aria-current={current || undefined}
        onClick={() => navigate({ screen: "connections", name: connection.name })}
      >
        <Icon of={icons[connection.kind] ?? HardDrive} />
        <span className="named cut">
          <Swatch color={connection.settings.color} />
          <code className="strong">{connection.name}</code>
        </span>
        <ListState connection={connection} check={check} />
        <span className="where">
          <span className="cut">
            {kindText(connection.kind)}
            {connection.roles.length > 0 && `, ${connection.roles.join(", ")}`}
          </span>
          <Label text={connection.label} />
        </span>
      </button>
    </li>
  );
}

function ListState({ connection, check }: { connection: ConnectionView; check: CheckView | undefined }) {
  if (check) {
    const critical = check.findings.filter((finding) => finding.level === "critical").length;
    return check.usable ? (
      <State tone="ok">{span(check.seconds)}</State>
    ) : (
      <State tone="failed">{critical === 1 ? "1 problem" : `${critical} problems`}</State>
    );
  }
  if (connection.needs_secret && connection.secret === "none" && connection.roles.length > 0)
    return <State tone="warn">no secret</State>;
  return <span className="faint small">not checked</span>;
}
