// Two texts line by line. Pure.

/** A line of one text or of both. Places count from 1; the place in a text that lacks the line is null. */
export type DiffLine = {
  kind: "same" | "added" | "removed";
  text: string;
  before: number | null;
  after: number | null;
};

/** Above this many pairs of lines the middle of a difference is not looked into. */
const MOST_PAIRS = 4_000_000;

/** All lines of both texts in order, what is gone before what came in its place. */
export function diffLines(before: string, after: string): DiffLine[] {
  const old = before.split("\n");
  const now = after.split("\n");
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const same = (place: number, shift: number): DiffLine => ({
    kind: "same",
    text: old[place] ?? "",
    before: place + 1,
    after: place + 1 + shift,
  });
  const lines: DiffLine[] = [];
  for (let place = 0; place < head; place += 1) lines.push(same(place, 0));
  lines.push(...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail), head));
  for (let place = old.length - tail; place < old.length; place += 1) lines.push(same(place, now.length - old.length));
  return lines;
}

/** The part that differs, by its longest common run of lines. */
function middle(old: readonly string[], now: readonly string[], head: number): DiffLine[] {
  const lines: DiffLine[] = [];
  const gone = (place: number) =>
    lines.push({ kind: "removed", text: old[place] ?? "", before: head + place + 1, after: null });
  const came = (place: number) =>
    lines.push({ kind: "added", text: now[place] ?? "", before: null, after: head + place + 1 });
  if (old.length * now.length > MOST_PAIRS) {
    old.forEach((_, place) => gone(place));
    now.forEach((_, place) => came(place));
    return lines;
  }
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = now.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        old[i] === now[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ kind: "same", text: old[i] ?? "", before: head + i + 1, after: head + j + 1 });
      i += 1;
      j += 1;
    } else if (
      i < old.length &&
      (j >= now.length || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      gone(i);
      i += 1;
    } else {
      came(j);
      j += 1;
    }
  }
  return lines;
}

/** The lines that differ with a few around them; null stands for lines that are left out. */
export function hunks(lines: readonly DiffLine[], around = 1): (DiffLine | null)[] {
  const near = lines.map((_, place) =>
    lines.slice(Math.max(0, place - around), place + around + 1).some((line) => line.kind !== "same"),
  );
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, place) => {
    if (near[place]) shown.push(line);
    else if (shown.length > 0 && shown.at(-1) !== null) shown.push(null);
  });
  if (shown.at(-1) === null) shown.pop();
  return shown;
}

/** How many lines are others: of a line changed in place only one is counted. */
export function linesChanged(lines: readonly DiffLine[]): number {
  let sum = 0;
  let gone = 0;
  let came = 0;
  for (const line of [...lines, null]) {
    if (line?.kind === "removed") gone += 1;
    else if (line?.kind === "added") came += 1;
    else {
      sum += Math.max(gone, came);
      gone = 0;
      came = 0;
    }
  }
  return sum;
}
