import "./connections.css";
import { Database, HardDrive, type LucideIcon, Plus, Server, Table2 } from "lucide-react";
import { useEffect, useState } from "react";
import { navigate, useAction } from "../../action";
import { span } from "../../data/format";
import { useConnections, useLastCheck } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { type CheckView, type ConnectionView, errorView } from "../../host";
import { ActionButton, Icon, Label, Nothing, SameAsText, State, Trouble, Waiting } from "../../kit";
import { Editor } from "./Editor";
import { kindText, looksLikeUrl } from "./form";

/** The name in the address that stands for a connection not saved yet. */
const NEW = "+";

/** Connections of the workspace: list, form, check. */
export function Connections({ name }: { name: string | null }) {
  const { workspace } = useOpenWorkspace();
  const asked = useConnections(workspace.folder);
  const connections = asked.data ?? workspace.connections;
  const chosen =
    name === NEW ? null : (connections.find((connection) => connection.name === name) ?? connections[0] ?? null);
  const isNew = name === NEW || connections.length === 0;
  const [pasted, setPasted] = useState<string | null>(null);
  useAction("connection.new", () => {
    setPasted(null);
    navigate({ screen: "connections", name: NEW });
  });
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text") ?? "";
      if (!looksLikeUrl(text)) return;
      event.preventDefault();
      setPasted(text.trim());
      navigate({ screen: "connections", name: NEW });
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, []);

  return (
    <div className="split connections">
      <section className="pane list" aria-label="Connections">
        <div className="pane-head">
          <h2>Connections</h2>
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
        <Editor key={`new ${pasted ?? ""}`} connection={null} connections={connections} pasted={pasted} />
      ) : chosen ? (
        <Editor key={chosen.name} connection={chosen} connections={connections} pasted={null} />
      ) : asked.isPending ? (
        <Waiting text="Reading connections" />
      ) : (
        <Nothing title="No connection" command="firn connection add NAME" />
      )}
    </div>
  );
}

const icons: Record<string, LucideIcon> = { postgres: Database, duckdb: Table2, sqlserver: Server };

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
        <code className="strong cut">{connection.name}</code>
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
