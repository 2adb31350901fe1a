import { Copy } from "lucide-react";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { cannotConnect, keepWorkspace, keys, useApp, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { type ConnectionView, type ErrorView, errorView, useHost } from "../../host";
import {
  ActionButton,
  Button,
  Choice,
  Divider,
  Icon,
  Label,
  Labelled,
  Segments,
  Swatch,
  TextField,
  Trouble,
} from "../../kit";
import { Check } from "./Check";
import {
  copyOf,
  type Draft,
  draftOf,
  faults,
  keptSecret,
  newDraft,
  rolesOf,
  saveRequest,
  sameDraft,
  secretOf,
  secretOfUrl,
  shownFields,
} from "./form";
import { type FieldSpec, kindSpec, kinds, kindText } from "./kinds";
import { RemoveDialog } from "./RemoveDialog";
import { SecretField } from "./SecretField";
import { Uses } from "./Uses";

type EditorProps = {
  /** The saved connection; null for a new one. */
  connection: ConnectionView | null;
  connections: readonly ConnectionView[];
  /** A URL that fills the form. */
  pasted: string | null;
  /** The connection whose settings fill the form of a new one. */
  like: ConnectionView | null;
};

/** The form of one connection and its check. */
export function Editor({ connection, connections, pasted, like }: EditorProps) {
  const { workspace } = useOpenWorkspace();
  const host = useHost();
  const client = useQueryClient();
  const app = useApp();
  const names = connections.map((known) => known.name);
  const saved = connection ? draftOf(connection) : like ? copyOf(like, names) : newDraft("postgres", connections);
  const [draft, setDraft] = useState<Draft>(saved);
  const [url, setUrl] = useState(pasted ?? "");
  const [urlError, setUrlError] = useState<ErrorView | null>(null);
  const [tried, setTried] = useState(false);
  const [removing, setRemoving] = useState(false);

  const found = faults(draft, connection ? [] : names, connection);
  const dirty = connection === null || !sameDraft(draft, saved);
  const set = (key: string, value: string) =>
    setDraft((before) => {
      const next = { ...before, settings: { ...before.settings, [key]: value } };
      // What was typed for a password is no private key.
      return secretOf(next)?.text === secretOf(before)?.text ? next : { ...next, secret: null };
    });

  const fillFrom = async (text: string) => {
    try {
      const form = await host.call("connection_parse_url", { url: text.trim() });
      const settings: Record<string, string> = {};
      for (const [key, value] of Object.entries(form.settings)) if (value !== undefined) settings[key] = value;
      setUrlError(null);
      // The field is emptied, so that the password in it is not left in sight.
      setUrl("");
      setDraft((known) => ({
        ...known,
        settings: { ...kindSpec(settings.kind)?.defaults, ...settings },
        secret: form.has_secret ? secretOfUrl(text) : known.secret,
      }));
    } catch (reason) {
      setUrlError(errorView(reason));
    }
  };
  const firstFill = useRef(pasted);
  useEffect(() => {
    const text = firstFill.current;
    firstFill.current = null;
    if (text) void fillFrom(text);
  });

  const asking = queryOptions({
    queryKey: keys.check(workspace.folder, draft.name),
    queryFn: () => host.call("connection_check", { folder: workspace.folder, name: draft.name }),
  });
  const check = useQuery({ ...asking, enabled: false });
  const save = useCommand("connection_save", (queries, answer, request) => {
    keepWorkspace(queries, answer);
    queries.removeQueries({ queryKey: keys.check(workspace.folder, request.name) });
    const now = answer.connections.find((known) => known.name === request.name);
    setTried(false);
    if (now) setDraft(draftOf(now));
    if (!connection) navigate({ screen: "connections", name: request.name }, true);
  });

  const known = kindSpec(draft.settings.kind);
  const secret = secretOf(draft);
  const wrong = Object.keys(found).length > 0;
  const doSave = async (): Promise<boolean> => {
    setTried(true);
    if (wrong) return false;
    try {
      await save.mutateAsync(saveRequest(workspace.folder, draft));
      return true;
    } catch {
      return false; // shown by save.error
    }
  };
  const doCheck = async () => {
    if (dirty && !(await doSave())) return;
    client.setQueryData(keys.checking(workspace.folder, draft.name), []);
    await client.fetchQuery({ ...asking, staleTime: 0 }).catch(() => undefined); // shown by check.error
  };
  const unsaveable = !known
    ? "this version does not know such a connection"
    : save.isPending
      ? "it is being saved"
      : !dirty
        ? "nothing has changed"
        : null;
  useAction("connection.save", () => void doSave(), unsaveable, draft.name || null);
  useAction(
    "connection.check",
    () => void doCheck(),
    !known || known.later
      ? "this version does not connect to this kind yet"
      : (cannotConnect(workspace) ?? (check.isFetching ? "a check goes on" : null)),
    draft.name || null,
  );
  const held = !connection
    ? "it is not saved yet"
    : connection.roles.length > 0
      ? `it is used as ${connection.roles.join(", ")}; give that to another connection first`
      : null;
  useAction("connection.remove", () => setRemoving(true), held, draft.name || null);

  return (
    <>
      <section className="pane form-pane" aria-label={connection ? `Connection ${connection.name}` : "New connection"}>
        <Divider pane="form" />
        <div className="pane-head">
          <h2>{connection ? <code>{connection.name}</code> : "New connection"}</h2>
          <Swatch color={draft.settings.color} />
          <Label text={draft.settings.label ?? null} />
          <span className="faint" aria-live="polite">
            {!dirty ? "" : connection ? "edited, not saved" : "not saved"}
          </span>
          {connection && (
            <div className="acts">
              <ActionButton id="connection.duplicate" compact look="quiet">
                <Icon of={Copy} small />
                Duplicate
              </ActionButton>
            </div>
          )}
        </div>
        <div className="scroll">
          {save.isError && <Trouble error={errorView(save.error)} title={<b>The connection was not saved</b>} />}
          <div className="form">
            {!connection && (
              <Labelled text="URL">
                {(id) => (
                  <>
                    <TextField
                      id={id}
                      value={url}
                      onChange={(text) => setUrl(text)}
                      placeholder="postgresql://user:password@host/db"
                      invalid={urlError !== null}
                      onEnter={() => void fillFrom(url)}
                      autoFocus={!like}
                      secret={/:[^/@]+@/.test(url)}
                    />
                    {url !== "" && (
                      <span>
                        <Button look="quiet" compact onPress={() => void fillFrom(url)}>
                          Fill the form
                        </Button>
                      </span>
                    )}
                    {urlError && (
                      <span className="fault" role="alert">
                        {urlError.message} {urlError.hint}
                      </span>
                    )}
                  </>
                )}
              </Labelled>
            )}
            {connection ? (
              <>
                <span className="as-label">Kind</span>
                <span className="value">{kindText(connection.kind)}</span>
              </>
            ) : (
              <>
                <Labelled text="Kind">
                  {(id) => (
                    <Choice
                      id={id}
                      value={draft.settings.kind ?? "postgres"}
                      options={kinds.map((spec) => ({ value: spec.kind, text: spec.text }))}
                      onChange={(kind) => setDraft({ ...newDraft(kind, connections), name: draft.name })}
                    />
                  )}
                </Labelled>
                <Labelled text="Name">
                  {(id) => (
                    <Faulty fault={tried ? found.name : undefined}>
                      <TextField
                        id={id}
                        value={draft.name}
                        placeholder={known?.example}
                        autoFocus={like !== null}
                        invalid={tried && found.name !== undefined}
                        onChange={(name) => setDraft((before) => ({ ...before, name }))}
                      />
                    </Faulty>
                  )}
                </Labelled>
              </>
            )}
            {known?.later && <p className="later soft">{known.later}</p>}
            {shownFields(draft).map((field) => (
              <Setting
                key={field.key}
                field={field}
                value={draft.settings[field.key] ?? ""}
                fault={tried ? found[field.key] : undefined}
                onChange={(value) => set(field.key, value)}
              />
            ))}
            {secret && (
              <SecretField
                key={secret.text}
                secret={secret}
                name={draft.name}
                kept={keptSecret(draft, connection)}
                keyring={app.data?.keyring ?? null}
                fault={tried ? found.secret : undefined}
                value={draft.secret}
                onChange={(typed) => setDraft((before) => ({ ...before, secret: typed }))}
              />
            )}
            <Uses
              label={draft.settings.label ?? ""}
              role={draft.role}
              roles={rolesOf(draft, connection)}
              free={saved.role === ""}
              color={draft.settings.color ?? ""}
              onLabel={(label) => set("label", label)}
              onColor={(color) => set("color", color)}
              onRole={(role) => setDraft((before) => ({ ...before, role }))}
            />
            <div className="rule" />
            <span className="as-label">In the file</span>
            <span className="value">
              <code>firn.yaml</code> <span className="faint">no secret is written there</span>
            </span>
          </div>
        </div>
        <div className="pane-foot">
          {connection && (
            <ActionButton id="connection.remove" look="danger">
              Remove
            </ActionButton>
          )}
          <span className="grow" />
          {dirty && connection && <Button onPress={() => setDraft(saved)}>Discard</Button>}
          <ActionButton id="connection.save" look={dirty ? "primary" : "plain"}>
            {save.isPending ? "Saving…" : "Save"}
          </ActionButton>
        </div>
      </section>
      <Check check={check} name={draft.name} dirty={dirty} connects={!known?.later} />
      {removing && connection && <RemoveDialog connection={connection} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Faulty({ fault, children }: { fault: string | undefined; children: ReactNode }) {
  return (
    <>
      {children}
      {fault && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}

/** The line of one setting. */
function Setting(props: {
  field: FieldSpec;
  value: string;
  fault: string | undefined;
  onChange: (value: string) => void;
}) {
  const { field, value, fault, onChange } = props;
  const { options } = field;
  if (options && field.segments)
    return (
      <>
        <span className="as-label">{field.text}</span>
        <span>
          <Segments label={field.text} value={value} options={options} onChange={onChange} />
        </span>
      </>
    );
  return (
    <Labelled text={field.text}>
      {(id) => (
        <Faulty fault={fault}>
          {options ? (
            <Choice id={id} value={value || (options[0]?.value ?? "")} options={options} onChange={onChange} />
          ) : (
            <TextField
              id={id}
              value={value}
              placeholder={field.placeholder}
              numeric={field.numeric}
              invalid={fault !== undefined}
              onChange={onChange}
            />
          )}
        </Faulty>
      )}
    </Labelled>
  );
}
