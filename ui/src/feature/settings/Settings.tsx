import "./settings.css";
import { ArrowLeft, RotateCw } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useAction } from "../../action";
import { count } from "../../data/format";
import { layout, useArranged } from "../../data/layout";
import { useSettings } from "../../data/settings";
import { errorView, type SettingsValues } from "../../host";
import {
  ActionButton,
  Button,
  CopyButton,
  Finding,
  Glyph,
  Icon,
  SaidAndHint,
  Segments,
  TextField,
  Trouble,
  Waiting,
} from "../../kit";

/** The person's settings. Each is kept as soon as it is changed; all of them stand in a file that can be edited. */
export function Settings({ onLeave }: { onLeave?: () => void }) {
  const { view, save, change, reload, reloading } = useSettings();
  const arranged = useArranged();
  useAction("settings.reload", reload, reloading ? "one moment" : null);
  if (!view) return <Waiting text="Reading the settings" />;
  const { settings, defaults, problems, notices, file } = view;
  const broken = problems.length > 0;
  const toggle = (key: keyof SettingsValues, text: string, note: ReactNode) => (
    <WordRow
      compact
      text={text}
      note={note}
      words={["on", "off"]}
      value={settings[key] ? "on" : "off"}
      onChange={(word) => change({ [key]: word === "on" })}
    />
  );
  return (
    <>
      <div className="head">
        {onLeave && (
          <Button look="quiet" compact onPress={onLeave} keys="Escape">
            <Icon of={ArrowLeft} small />
            Back
          </Button>
        )}
        <h1>Settings</h1>
        <span className="about cut">
          in <code title={file}>{file}</code>
        </span>
        <div className="acts">
          <CopyButton text={file} what="Copy path" />
          <ActionButton id="settings.reload" compact>
            <Icon of={RotateCw} small />
            Read the file again
          </ActionButton>
        </div>
      </div>
      <div className="scroll settings">
        {save.isError && <Trouble error={errorView(save.error)} title={<b>The setting was not kept</b>} />}
        {broken && (
          <section className="trouble failed" role="alert">
            <span className="state failed">
              <Glyph tone="failed" small={false} />
            </span>
            <div className="selectable">
              <b>The file has faults; nothing is written into it, and the last good values hold</b>
              <ul>
                {problems.map((problem) => (
                  <li key={`${problem.line}:${problem.column}:${problem.message}`}>
                    <code>
                      {problem.file}:{problem.line}:{problem.column}
                    </code>{" "}
                    <SaidAndHint message={problem.message} hint={problem.hint} />
                  </li>
                ))}
              </ul>
            </div>
          </section>
        )}
        <Group title="Look">
          <WordRow
            text="Theme"
            note="As the system: it changes with the desktop's own."
            words={["system", "light", "dark"]}
            shown={{ system: "as the system" }}
            value={settings.theme}
            onChange={(theme) => change({ theme })}
          />
          <WordRow
            text="Rows"
            note="Compact shows most; roomy leaves some air between the rows of lists."
            words={["compact", "roomy"]}
            value={settings.density}
            onChange={(density) => change({ density })}
          />
          <Row text="Panes" note="Their edges can be pulled, or moved by arrows while they have the focus.">
            <Button unavailable={arranged ? null : "every pane has its usual size"} onPress={() => layout.reset()}>
              Usual sizes
            </Button>
          </Row>
        </Group>
        <Group title="Safety">
          {toggle(
            "confirm_production",
            "Ask before production",
            <>
              What writes into a connection labelled <code>production</code> asks for its name first. Commands typed in
              a terminal do not ask.
            </>,
          )}
          <NumberRow
            text="Days of run history"
            unit="days"
            value={settings.history_days}
            usual={defaults.history_days}
            onChange={(history_days) => change({ history_days })}
            note="Runs that are older are forgotten on this machine; the state database keeps its own log."
          />
        </Group>
        <Group title="Desktop">
          {toggle(
            "notifications",
            "Notifications",
            "A scheduled run that fails is told by the desktop; a click opens the run.",
          )}
          {toggle("tray", "Icon in the tray", "With the schedule's state, Run all now, Pause and Quit.")}
          {toggle(
            "close_to_tray",
            "Closing leaves it in the tray",
            settings.tray ? "The schedule goes on while the window is closed." : "Needs the icon in the tray.",
          )}
          <NumberRow
            text="Recent workspaces"
            unit="on the first screen"
            value={settings.recent_workspaces}
            usual={defaults.recent_workspaces}
            onChange={(recent_workspaces) => change({ recent_workspaces })}
          />
        </Group>
        {notices.length > 0 && (
          <Group title="This machine">
            <ul className="notices">
              {notices.map((notice) => (
                <Finding key={`${notice.code}${notice.message}`} of={notice} />
              ))}
            </ul>
          </Group>
        )}
        <p className="soft foot">
          The file can be edited by hand: every setting stands in it with its default in a comment. Comments stay when a
          setting is changed here.
        </p>
      </div>
    </>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Row({ text, note, children }: { text: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div className="setting">
      <span className="name">{text}</span>
      <div>
        {children}
        {note && <p className="soft small">{note}</p>}
      </div>
    </div>
  );
}

/** One of a few words, kept as soon as it is chosen. */
function WordRow<V extends string>({
  text,
  note,
  words,
  shown = {},
  value,
  compact,
  onChange,
}: {
  text: string;
  note: ReactNode;
  words: readonly V[];
  /** What words are shown as, where that is not themselves. */
  shown?: Partial<Record<V, string>>;
  value: V;
  compact?: boolean;
  onChange: (value: V) => void;
}) {
  const options = words.map((word) => ({ value: word, text: shown[word] ?? word }));
  return (
    <Row text={text} note={note}>
      <Segments compact={compact} label={text} value={value} options={options} onChange={onChange} />
    </Row>
  );
}

/** A number, kept when the field is left or Enter is pressed. */
function NumberRow({
  text,
  unit,
  value,
  usual,
  note,
  onChange,
}: {
  text: string;
  unit: string;
  value: number;
  usual: number;
  note?: ReactNode;
  onChange: (value: number) => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && !/^\d{1,6}$/.test(typed.trim());
  const keep = () => {
    if (typed !== null && !wrong && Number(typed) !== value) onChange(Number(typed));
    if (!wrong) setTyped(null);
  };
  return (
    <Row
      text={text}
      note={
        <>
          {note} Usually {count(usual)}.
        </>
      }
    >
      <span className="line number-field" onBlur={keep}>
        <TextField
          label={text}
          numeric
          value={typed ?? String(value)}
          invalid={wrong}
          onChange={setTyped}
          onEnter={keep}
        />
        <span className="soft">{wrong ? "a whole number" : unit}</span>
      </span>
    </Row>
  );
}
