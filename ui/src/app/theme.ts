import { useCallback, useEffect, useState } from "react";

/** What the person chose: light, dark, or as the system. */
export type Theme = "system" | "light" | "dark";

const KEY = "firn.theme";

function stored(): Theme {
  try {
    const word = localStorage.getItem(KEY);
    return word === "light" || word === "dark" ? word : "system";
  } catch {
    return "system"; // storage is switched off; the choice then lasts as long as the page
  }
}

/** The choice, and the way to change it; keeps the page's `data-theme` right. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
      document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "dark" : "light") : theme;
    };
    show();
    system.addEventListener("change", show);
    return () => system.removeEventListener("change", show);
  }, [theme]);
  const choose = useCallback((next: Theme) => {
    setTheme(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // As above: nothing is lost but the choice of the next start.
    }
  }, []);
  return [theme, choose];
}
