import "./divider.css";
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { layout, type PaneName, paneSpecs, useFolded, usePaneSize } from "../data/layout";

const STEP = 16;
const STRIDE = 64;

const names: Record<PaneName, string> = {
  rail: "Width of the rail",
  list: "Width of the list",
  form: "Width of the form",
  inspector: "Width of the inspector",
  folded: "Height of the inspector",
  drawer: "Height of the drawer",
};

/**
 * The edge of a pane, which is pulled to make it larger or smaller: by the mouse, by arrows (Shift for longer steps),
 * Home and End; a double click or Enter gives back the usual size. Stands inside its pane.
 */
export function Divider({ pane }: { pane: Exclude<PaneName, "folded"> }) {
  const folded = useFolded();
  const name = pane === "inspector" && folded ? "folded" : pane;
  const size = usePaneSize(name);
  const { least, most, edge } = paneSpecs[name];
  const pulled = useRef<{ from: number; size: number } | null>(null);
  const lies = edge === "top";
  const place = (event: PointerEvent) => (lies ? event.clientY : event.clientX);
  // Pulled away from its pane, an edge makes it larger.
  const outward = edge === "right" ? 1 : -1;

  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? STRIDE : STEP;
    const larger = lies ? "ArrowUp" : edge === "right" ? "ArrowRight" : "ArrowLeft";
    const smaller = lies ? "ArrowDown" : edge === "right" ? "ArrowLeft" : "ArrowRight";
    if (event.key === larger) layout.resize(name, size + step);
    else if (event.key === smaller) layout.resize(name, size - step);
    else if (event.key === "Home") layout.resize(name, least);
    else if (event.key === "End") layout.resize(name, most);
    else if (event.key === "Enter") layout.resize(name, null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className={`divider ${edge}`}
      role="separator"
      tabIndex={0}
      aria-label={names[name]}
      aria-orientation={lies ? "horizontal" : "vertical"}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      onKeyDown={onKeyDown}
      onDoubleClick={() => layout.resize(name, null)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        pulled.current = { from: place(event), size: measured(event.currentTarget, lies) ?? size };
      }}
      onPointerMove={(event) => {
        if (pulled.current) layout.resize(name, pulled.current.size + (place(event) - pulled.current.from) * outward);
      }}
      onPointerUp={() => (pulled.current = null)}
      onPointerCancel={() => (pulled.current = null)}
    />
  );
}

/** The size that the pane has on the screen: a narrow window may hold it below the one that was asked for. */
function measured(edge: HTMLElement, lies: boolean): number | null {
  const box = edge.parentElement?.getBoundingClientRect();
  return box ? (lies ? box.height : box.width) : null;
}
