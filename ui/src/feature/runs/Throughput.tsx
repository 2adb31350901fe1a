import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { keys } from "../../data/queries";
import { useHost } from "../../host";

const HEIGHT = 132;

/** Rows a second over a run, drawn by the host; while the run goes on it is asked for about once a second. */
export function Throughput({ runId, running, words }: { runId: string; running: boolean; words: string }) {
  const host = useHost();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [dark, setDark] = useState(isDark);
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
    queryKey: [...keys.chart(runId), width, dark, running],
    queryFn: () => host.call("run_chart", { run_id: runId, width, height: HEIGHT, dark }),
    enabled: width > 0,
    refetchInterval: running ? 1000 : false,
    placeholderData: (before) => before,
  });
  const svg = chart.data?.svg ?? null;
  return (
    <div ref={box} className="throughput" role="img" aria-label={words} hidden={chart.isSuccess && svg === null}>
      {/* Shapes, numbers and glyphs of the host's own drawing; no text of a database is part of it. */}
      {svg !== null && <div dangerouslySetInnerHTML={{ __html: svg }} />}
    </div>
  );
}

function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}
