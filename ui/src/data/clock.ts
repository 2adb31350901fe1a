// The time, for what is shown as it goes by.

import { useEffect, useState } from "react";

/** The time now, in milliseconds since 1970; goes on, a step every `step` milliseconds, only while something depends on it. */
export function useNow(ticking: boolean, step: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), step);
    return () => clearInterval(timer);
  }, [ticking, step]);
  return now;
}
