import { useState } from "react";
import { bytes, shortRun } from "../../data/format";
import { useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, useHost } from "../../host";
import { Button, Dialog, Segments, State, TextField, Trouble } from "../../kit";

/** The size of a chart that is kept, in pixels; a PNG has twice as many. */
const WIDTH = 1200;
const HEIGHT = 320;

/** Keeps the chart of a run as a file. */
export function SaveChart({ runId, dark, onClose }: { runId: string; dark: boolean; onClose: () => void }) {
  const { workspace } = useOpenWorkspace();
  const host = useHost();
  const [path, setPath] = useState(`${workspace.folder}/run-${shortRun(runId)}.png`);
  const [replace, setReplace] = useState(false);
  const save = useCommand("run_chart_save");
  const format = /\.svg$/i.test(path) ? "svg" : "png";
  const file = path.trim();
  const unavailable = save.isPending ? "one moment" : file === "" ? "name a file first" : null;
  const go = () => {
    if (unavailable === null) save.mutate({ run_id: runId, path: file, width: WIDTH, height: HEIGHT, dark, replace });
  };
  const change = (next: string) => {
    setPath(next);
    setReplace(false);
    save.reset();
  };
  return (
    <Dialog
      title="Save the chart"
      onClose={onClose}
      leave={save.isSuccess ? "Close" : "Leave it"}
      foot={
        <Button look="primary" keys="Enter" unavailable={unavailable} onPress={go}>
          Save
        </Button>
      }
    >
      {save.isError && <Trouble error={errorView(save.error)} title={<b>The chart was not saved</b>} />}
      <div className="body folder-form">
        <Segments
          label="Format"
          value={format}
          options={[
            { value: "png", text: "PNG" },
            { value: "svg", text: "SVG" },
          ]}
          onChange={(next) => change(path.replace(/(\.(png|svg))?$/i, `.${next}`))}
        />
        <div className="row">
          <TextField label="File" value={path} onChange={change} autoFocus onEnter={go} />
          <Button
            onPress={() => {
              void host.pickFile("Save the chart", path).then((picked) => {
                if (!picked) return;
                change(picked);
                // The system's dialog has asked already.
                setReplace(true);
              });
            }}
          >
            Browse…
          </Button>
        </div>
        <label className="check">
          <input
            type="checkbox"
            className="check-box"
            checked={replace}
            onChange={(event) => setReplace(event.target.checked)}
          />
          Replace a file that is there already
        </label>
        {save.isSuccess && (
          <p role="status">
            <State tone="ok">Saved, {bytes(save.data.bytes)}</State>
          </p>
        )}
      </div>
    </Dialog>
  );
}
