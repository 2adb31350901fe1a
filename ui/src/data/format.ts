// One formatter for each kind of figure, so that a value reads the same on every screen.

const NOTHING = "–";
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A count with its thousands separated; `–` where there is none. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : whole.format(value).replace("-", "−");
}

/** `1 table`, `12 tables`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number of bytes in decimal units: `31 KB`, `9.1 MB`. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value < 1000) return `${whole.format(value)} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(scaled) : scaled.toFixed(1)} ${units[unit]}`;
}

/** Elapsed time as a clock: `0:48`, `12:05`, `1:02:03`. Seconds are cut. */
export function clock(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  const total = Math.max(0, Math.floor(seconds));
  const s = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${s}` : `${minutes}:${s}`;
}

/** How long something took, or is ago, with its units: `84 ms`, `1.4 s`, `48 s`, `1 m 52 s`, `2 h 3 m`, `14 d 22 h`,
 * `2 y 41 d`, `56 y`; never more than nine characters below ten thousand years. A year is 365 days. */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const total = Math.floor(seconds);
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} m ${total % 60} s`;
  const hours = Math.floor(total / 3600);
  if (hours < 24) return `${hours} h ${Math.floor(total / 60) % 60} m`;
  const days = Math.floor(hours / 24);
  if (days < 365) return days < 100 ? `${days} d ${hours % 24} h` : `${days} d`;
  const years = Math.floor(days / 365);
  return years < 10 ? `${years} y ${days % 365} d` : `${years} y`;
}

const two = (value: number) => String(value).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The time of day of an instant, in the person's zone: `14:32:11`. */
export function timeOfDay(iso: string | null | undefined): string {
  const at = instant(iso);
  return at ? `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}` : NOTHING;
}

/** An instant as a person would say it: `14:32:11` today, `yesterday 18:07`, `11 Nov 09:00`, `11 Nov 2024`. */
export function when(iso: string | null | undefined, now: Date = new Date()): string {
  const at = instant(iso);
  if (!at) return NOTHING;
  const days = daysBetween(at, now);
  if (days === 0) return timeOfDay(iso);
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (days === 1) return `yesterday ${minute}`;
  return at.getFullYear() === now.getFullYear() ? `${date(at, now)} ${minute}` : date(at, now);
}

/** The day of an instant, in the person's zone: `Today`, `Yesterday`, `11 Nov`, `11 Nov 2024`. */
export function day(iso: string | null | undefined, now: Date = new Date()): string {
  const at = instant(iso);
  if (!at) return NOTHING;
  const days = daysBetween(at, now);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : date(at, now);
}

/** How many midnights of the person's zone lie between two instants. */
function daysBetween(at: Date, now: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

/** The date of an instant, with its year where that is another than now. */
function date(at: Date, now: Date): string {
  const day = `${at.getDate()} ${months[at.getMonth()]}`;
  return at.getFullYear() === now.getFullYear() ? day : `${day} ${at.getFullYear()}`;
}

/** Milliseconds since 1970 of an ISO 8601 text; null where it is none. */
export function millis(iso: string | null | undefined): number | null {
  return instant(iso)?.getTime() ?? null;
}

function instant(iso: string | null | undefined): Date | null {
  if (!iso) return null;
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** A share of a total in whole percent, cut and never rounded up; null where the total is unknown or nothing. */
export function percent(part: number, total: number | null | undefined): number | null {
  if (!total || total <= 0) return null;
  return Math.min(100, Math.max(0, Math.floor((part / total) * 100)));
}

/** The part of a run's id that people read out: its first eight characters. */
export function shortRun(runId: string): string {
  return runId.slice(0, 8);
}

const typeNames: readonly [RegExp, string][] = [
  [/^character varying\b/, "varchar"],
  [/^character\b/, "char"],
  [/^timestamp(\(\d\))? with time zone/, "timestamptz$1"],
  [/^timestamp(\(\d\))? without time zone/, "timestamp$1"],
  [/^time(\(\d\))? with time zone/, "timetz$1"],
  [/^time(\(\d\))? without time zone/, "time$1"],
  [/^double precision/, "float8"],
];

/** A type of PostgreSQL by its short name, as people write it. */
export function shortType(type: string): string {
  return typeNames.reduce((text, [long, short]) => text.replace(long, short), type);
}

/** A word or path as one argument of a shell command. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Statements as one text, each with its semicolon. */
export function script(statements: readonly string[]): string {
  return statements.map((one) => (one.trimEnd().endsWith(";") ? one : `${one};`)).join("\n\n");
}
