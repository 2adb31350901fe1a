import type { UseQueryResult } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { span } from "../../data/format";
import { useFoundSoFar } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { levelTone } from "../../data/words";
import { type CheckView, errorView, type FindingView } from "../../host";
import { ActionButton, Fix, Glyph, Icon, Nothing, Said, SameAsText, State, toneClass, Trouble } from "../../kit";

/** The check of a connection: steps in order, each with its fix. */
export function Check(props: { check: UseQueryResult<CheckView>; name: string; dirty: boolean; connects: boolean }) {
  const { check, name, dirty, connects } = props;
  const { workspace } = useOpenWorkspace();
  const soFar = useFoundSoFar(workspace.folder, name);
  // While a check goes on, what it has found already stands in the place of what the last one found.
  const findings = check.isFetching ? soFar : (check.data?.findings ?? null);
  const view = check.isFetching ? undefined : check.data;
  const command = `firn connection check ${name || "NAME"}`;
  return (
    <section className="pane wide" aria-label="Check">
      <div className="pane-head">
        <h2>Check</h2>
        {check.isFetching ? (
          <State tone="running">checking</State>
        ) : view ? (
          <State tone={view.usable ? "ok" : "failed"}>
            {view.usable ? `usable, ${span(view.seconds)}` : "not usable"}
          </State>
        ) : null}
        <div className="acts">
          <ActionButton id="connection.check" compact look={!dirty && !view ? "primary" : "plain"}>
            <Icon of={RotateCw} small />
            {dirty ? "Save and check" : view ? "Check again" : "Check"}
          </ActionButton>
        </div>
      </div>
      <div className="scroll" aria-busy={check.isFetching}>
        {check.isError && <Trouble error={errorView(check.error)} title={<b>The check did not run</b>} />}
        {findings && (view || findings.length > 0) ? (
          <>
            <Tally findings={findings} going={check.isFetching} />
            <ul className="check" aria-live="polite">
              {findings.map((finding, place) => (
                <Step key={`${finding.code}${place}`} finding={finding} />
              ))}
            </ul>
            <div className="same-as-text">
              <SameAsText command={command} />
            </div>
          </>
        ) : check.isError ? null : (
          <Nothing title={check.isFetching ? "Checking" : "Not checked yet"} command={command}>
            {connects
              ? "Reaches the host, signs in, and looks at rights, settings and version. It changes nothing."
              : "A later version of Firn connects to this kind and checks it."}
          </Nothing>
        )}
      </div>
    </section>
  );
}

function Tally({ findings, going }: { findings: readonly FindingView[]; going: boolean }) {
  const number = (level: FindingView["level"]) => findings.filter((finding) => finding.level === level).length;
  return (
    <div className="tally" role="status">
      {number("critical") > 0 && <State tone="failed">{number("critical")} to mend</State>}
      {number("warning") > 0 && <State tone="warn">{number("warning")} at risk</State>}
      {number("info") > 0 && <State tone="queued">{number("info")} to know</State>}
      <State tone="ok">{number("ok")} fine</State>
      {going && <State tone="running">more is asked</State>}
    </div>
  );
}

function Step({ finding }: { finding: FindingView }) {
  const tone = levelTone(finding.level);
  return (
    <li className={tone === "warn" || tone === "failed" ? tone : ""}>
      <span className={`state ${toneClass(tone)}`}>
        <Glyph tone={tone} small={false} />
      </span>
      <b>{stepName(finding.code)}</b>
      <span className="said selectable">
        <Said text={finding.message} />
      </span>
      {finding.fix && (
        <div className="fix">
          <Fix text={finding.fix} />
        </div>
      )}
    </li>
  );
}

const names: Record<string, string> = { tls: "TLS", sign_in: "Sign in", wal_level: "WAL level" };

/** The name of a step: its short name as words. */
function stepName(code: string): string {
  const words = code.split(".").at(-1)?.replaceAll(/[_-]/g, " ") ?? code;
  return names[code] ?? words.charAt(0).toUpperCase() + words.slice(1);
}
