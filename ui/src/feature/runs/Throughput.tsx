import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useAction } from "../../action";
import { keys } from "../../data/queries";
import { useHost } from "../../host";
import { ActionButton, Icon } from "../../kit";
import { SaveChart } from "./SaveChart";

const HEIGHT = 128;

type ThroughputProps = {
  runId: string;
  running: boolean;
  /** Whether a row has come yet: what was drawn before is a line along the foot. */
  begun: boolean;
  words: string;
};

/** Rows a second over a run, drawn by the host: as soon as rows come, and then about once a second. */
export function Throughput({ runId, running, begun, words }: ThroughputProps) {
  const host = useHost();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [dark, setDark] = useState(isDark);
  const [saving, setSaving] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // Whole steps, so that dragging an edge does not ask for a picture at every pixel.
    const measure = () => setWidth(Math.max(240, Math.floor(element.clientWidth / 24) * 24));
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    measure();
    const themes = new MutationObserver(() => setDark(isDark()));
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      sizes.disconnect();
      themes.disconnect();
    };
  }, []);
  const chart = useQuery({
    queryKey: [...keys.chart(runId), width, dark, running, begun],
    queryFn: () => host.call("run_chart", { run_id: runId, width, height: HEIGHT, dark }),
    enabled: width > 0,
    refetchInterval: running ? 1000 : false,
    placeholderData: (before) => before,
  });
  const svg = chart.data?.svg ?? null;
  useAction("run.chart", () => setSaving(true), svg === null ? "there is no chart of this run" : null);
  return (
    <div className="throughput">
      <div className="over-chart">
        <h2>Rows a second</h2>
        <span className="legend" aria-hidden>
          <span className="state ok">✓</span> table done <span className="state warn">△</span> tries again{" "}
          <span className="state failed">✕</span> failed
        </span>
        <ActionButton id="run.chart" look="quiet" compact withKeys={false}>
          <Icon of={Download} small />
          PNG, SVG
        </ActionButton>
      </div>
      <div ref={box} className="drawn" role="img" aria-label={words}>
        {/* Shapes, numbers and glyphs of the host's own drawing; no text of a database is part of it. */}
        {svg !== null ? (
          <div dangerouslySetInnerHTML={{ __html: svg }} />
        ) : (
          chart.isSuccess && <p className="faint">How the rows of this run came was not kept.</p>
        )}
      </div>
      {saving && <SaveChart runId={runId} dark={dark} onClose={() => setSaving(false)} />}
    </div>
  );
}

function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}
