import { Wrench } from "lucide-react";
import { useState } from "react";
import { useAction } from "../../action";
import { useDocument } from "../../data/document";
import { count, counted } from "../../data/format";
import { keepWorkspace, useCommand } from "../../data/queries";
import { causeTitle, keyText, sentence, trialChange, trialWord } from "../../data/rejected";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedCauseView, type RemedyView } from "../../host";
import { ActionButton, Button, Icon, Said, State, TextField, Trouble, Value } from "../../kit";

/** Failing rows that are named. */
const NAMED = 3;

type FixBarProps = {
  cause: RejectedCauseView;
  remedy: RemedyView;
  /** The transform is in the document: its rows can be tried again. */
  onSaved: () => void;
  /** Why it cannot be saved now. */
  unavailable: string | null;
};

/** One transform for all rows of a cause: offered, tried on the very rows, saved. */
export function FixBar({ cause, remedy, onSaved, unavailable }: FixBarProps) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const document = useDocument(folder);
  const [sql, setSql] = useState(remedy.transforms[0]?.sql ?? "");
  const trying = useCommand("rejected_try");
  const save = useCommand("document_save", (client, answer, request) => {
    keepWorkspace(client, answer);
    document.wasSaved(request.text);
    onSaved();
  });
  const written = sql.trim();
  const trial = trying.data?.sql === written ? trying.data : undefined;
  const offered = remedy.transforms.find((transform) => transform.sql === written);
  const { column, source } = cause;
  const tryIt = () =>
    column &&
    trying.mutate({ folder, table: source, column, sql: written, ids: [], error: cause.error, document: null });
  const saveIt = async () => {
    const base = document.draft?.base;
    if (base === undefined || column === null) return;
    const columns = [{ column, treatment: { kind: "expression" as const, sql: written } }];
    const view = await document.edit([{ table: source, columns, edit: {} }]);
    if (view) save.mutate({ folder, before: base, text: view.text });
  };
  const noTrial = written === "" ? "write an expression" : trying.isPending ? "it is being tried" : null;
  useAction("rejected.try", tryIt, noTrial);
  useAction(
    "rejected.fix",
    () => void saveIt(),
    unavailable ??
      (document.unsaved > 0
        ? "the mapping has edits that are not saved"
        : save.isPending
          ? "it is being saved"
          : trial === undefined
            ? "try it first"
            : trial.passed === 0
              ? "no row passes with it"
              : null),
  );
  return (
    <section className="fix" aria-label="One fix">
      <Icon of={Wrench} small />
      <div className="body">
        <p>
          <b>{cause.rows === 1 ? "One fix" : `One fix for all ${count(cause.rows)}`}</b>{" "}
          <span className="soft">
            <Said text={`${causeTitle(cause)}. A transform of the column settles it:`} />
          </span>
        </p>
        <div className="transform">
          <code className="column cut" title={column ?? undefined}>
            {column}:
          </code>
          <TextField
            label={`Transform of ${column}`}
            value={sql}
            onChange={setSql}
            onEnter={() => !noTrial && tryIt()}
          />
        </div>
        <div className="row">
          <ActionButton id="rejected.fix" look={trial?.passed ? "primary" : "plain"} compact>
            Save and retry {count(cause.rows)}
          </ActionButton>
          <ActionButton id="rejected.try" look={trial?.passed ? "plain" : "primary"} compact>
            {trying.data ? "Try again" : "Try"}
          </ActionButton>
          {trying.isPending ? (
            <State tone="running">reading {counted(cause.rows, "row")} by key</State>
          ) : (
            trial && <State tone={trialWord(trial).tone}>{trialWord(trial).word}</State>
          )}
          <span className="others">
            {remedy.transforms
              .filter((transform) => transform.sql !== written)
              .map((transform) => (
                <Button key={transform.sql} compact look="quiet" onPress={() => setSql(transform.sql)}>
                  <span className="soft">or</span>
                  <code className="cut">{transform.sql}</code>
                </Button>
              ))}
          </span>
        </div>
        {(trying.isError || save.isError || document.error) && (
          <Trouble
            error={trying.isError ? errorView(trying.error) : save.isError ? errorView(save.error) : document.error!}
            title={<b>{trying.isError ? "It was not tried" : "It was not saved"}</b>}
            tone="warn"
          />
        )}
        <p className="small soft" role="status">
          {trial
            ? trialChange(trial)
            : offered
              ? `${sentence(offered.outcome)}. The source is not changed.`
              : "Not tried yet: a try reads the rows from the source by their keys, and writes nothing."}
          {trial && trial.target_type !== "" && (
            <>
              {" "}
              The column arrives as <code>{trial.target_type}</code>.
            </>
          )}
        </p>
        {trial && trial.failures.length > 0 && (
          <ul className="failures small">
            {trial.failures.slice(0, NAMED).map((failure) => (
              <li key={keyText(failure.pk)}>
                <code>{keyText(failure.pk)}</code> <code className="state failed">{failure.column}</code>{" "}
                <Said text={failure.message} />
              </li>
            ))}
            {trial.failed > NAMED && <li className="soft">and {count(trial.failed - NAMED)} more</li>}
          </ul>
        )}
        {trial && trial.failures.length === 0 && trial.values.some(({ after }) => after !== null) && (
          <ul className="failures small">
            {trial.values.slice(0, 3).map((value) => (
              <li key={keyText(value.pk)}>
                <code>{keyText(value.pk)}</code>{" "}
                <code>
                  <Value of={value.before} /> → <Value of={value.after} />
                </code>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
