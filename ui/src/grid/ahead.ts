// How far beyond the view rows and columns are drawn. Pure.
//
// A frame in which elements are touched costs much more than one in which the page is only moved. So nothing is drawn
// until the view comes near the end of what is drawn, and then many rows or columns at once, on the side one goes to.

/** Rows or columns `from` (inclusive) to `to` (exclusive). */
export type Stretch = { from: number; to: number };

/** What there is, and how much of it may be drawn. */
export type Reach = {
  /** The first and one after the last that can come into view. */
  all: Stretch;
  /** Most that are drawn at once: those in view and `ahead`. */
  most: number;
  /** How many are drawn at once beyond the view. */
  ahead: number;
  /** How many beyond the view are left when more are drawn. */
  near: number;
};

/** Whether a stretch has all of another one. */
export function covers(stretch: Stretch, other: Stretch): boolean {
  return stretch.from <= other.from && stretch.to >= other.to;
}

/** What is in view and as many more on either side as there is room for. */
export function around(view: Stretch, { all, ahead }: Reach): Stretch {
  const before = Math.floor(ahead / 2);
  return {
    from: Math.max(all.from, view.from - before),
    to: Math.min(all.to, view.to + ahead - before),
  };
}

/** What to draw when the view was at `before` and is at `view` now; `drawn` itself as long as that does. */
export function ahead(drawn: Stretch, before: Stretch, view: Stretch, reach: Reach): Stretch {
  const { all, most, near } = reach;
  // Whoever jumps is likely to jump on: nothing but the view, until there is rest.
  if (view.from >= drawn.to || view.to <= drawn.from) return view;
  const down = view.from > before.from || (view.from === before.from && view.to > before.to);
  const up = view.from < before.from || (view.from === before.from && view.to < before.to);
  const wanted = {
    from: up ? Math.max(all.from, view.from - near) : view.from,
    to: down ? Math.min(all.to, view.to + near) : view.to,
  };
  if (covers(drawn, wanted)) return drawn;
  // What was drawn stays for as long as there are elements.
  if (up || (!down && wanted.from < drawn.from)) {
    const from = Math.max(all.from, view.from - reach.ahead);
    return { from, to: Math.max(view.to, Math.min(drawn.to, from + most)) };
  }
  const to = Math.min(all.to, view.to + reach.ahead);
  return { from: Math.min(view.from, Math.max(drawn.from, to - most)), to };
}
