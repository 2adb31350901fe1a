import { useEffect } from "react";
import type { DensityView, ThemeView } from "../host";

const KEY = "firn.look";

/** Shows the page in the colours and the density that hold; before the host has said which, in those of last time. */
export function useLook(theme: ThemeView | null, density: DensityView | null): void {
  useEffect(() => {
    const root = document.documentElement.dataset;
    const look = theme && density ? { theme, density } : remembered();
    if (theme && density) remember(JSON.stringify({ theme, density }));
    root.density = look.density;
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
      root.theme = look.theme === "system" ? (system.matches ? "dark" : "light") : look.theme;
    };
    show();
    system.addEventListener("change", show);
    return () => system.removeEventListener("change", show);
  }, [theme, density]);
}

function remembered(): { theme: ThemeView; density: DensityView } {
  try {
    const look: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const { theme, density } = (look ?? {}) as Record<string, unknown>;
    return {
      theme: theme === "light" || theme === "dark" ? theme : "system",
      density: density === "roomy" ? density : "compact",
    };
  } catch {
    return { theme: "system", density: "compact" }; // storage is switched off, or holds something else
  }
}

function remember(look: string): void {
  try {
    localStorage.setItem(KEY, look);
  } catch {
    // Nothing is lost but the first moment of the next start.
  }
}
