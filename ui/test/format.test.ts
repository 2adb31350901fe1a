import { expect, test } from "vitest";
import {
  bytes,
  clock,
  count,
  counted,
  percent,
  script,
  shellWord,
  shortType,
  span,
  timeOfDay,
  when,
} from "../src/data/format";

test("counts have their thousands separated, and nothing is a dash", () => {
  expect([0, 999, 1_234_567, -17, null, undefined].map(count)).toEqual(["0", "999", "1,234,567", "−17", "–", "–"]);
  expect([counted(1, "table"), counted(12, "table"), counted(0, "row")]).toEqual(["1 table", "12 tables", "0 rows"]);
});

test("bytes are in decimal units and never 1000 of one", () => {
  expect([0, 999, 1_000, 31_400, 999_499, 999_500, 9_100_000, 48_000_000_000, 2e15].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1 KB",
    "31 KB",
    "999 KB",
    "1.0 MB",
    "9.1 MB",
    "48.0 GB",
    "2000.0 TB",
  ]);
});

test("elapsed time is a clock whose seconds are cut", () => {
  expect([0, 0.9, 48.99, 60, 725, 3_723, -1, Number.NaN, null].map(clock)).toEqual([
    "0:00",
    "0:00",
    "0:48",
    "1:00",
    "12:05",
    "1:02:03",
    "0:00",
    "–",
    "–",
  ]);
});

test("how long something took has its unit", () => {
  expect([0.0004, 0.084, 1.49, 9.99, 48.7, 112, 7_391].map(span)).toEqual([
    "0 ms",
    "84 ms",
    "1.4 s",
    "9.9 s",
    "48 s",
    "1 m 52 s",
    "2 h 3 m",
  ]);
  const day = 86_400;
  const old = [day - 1, day, 14.95 * day, 364 * day, 365 * day, 406 * day, 56.4 * 365 * day, 2_025 * 365 * day].map(
    span,
  );
  expect(old).toEqual(["23 h 59 m", "1 d 0 h", "14 d 22 h", "364 d", "1 y 0 d", "1 y 41 d", "56 y", "2025 y"]);
});

test("a share is cut, never rounded up, and unknown without a total", () => {
  expect([percent(999, 1_000), percent(1_000, 1_000), percent(1_200, 1_000), percent(1, 0), percent(1, null)]).toEqual([
    99,
    100,
    100,
    null,
    null,
  ]);
});

test("an instant is told by its distance", () => {
  const now = new Date(2026, 10, 20, 14, 32, 48);
  const iso = (...parts: [number, number, number, number, number, number]) => new Date(...parts).toISOString();
  expect(when(iso(2026, 10, 20, 9, 5, 7), now)).toBe("09:05:07");
  expect(when(iso(2026, 10, 19, 23, 59, 59), now)).toBe("yesterday 23:59");
  expect(when(iso(2026, 9, 11, 9, 0, 0), now)).toBe("11 Oct 09:00");
  expect(when(iso(2024, 0, 2, 9, 0, 0), now)).toBe("2 Jan 2024");
  expect([when(null, now), when("soon", now), timeOfDay(undefined)]).toEqual(["–", "–", "–"]);
});

test("words of a shell command are quoted only where they must be", () => {
  expect(["public.users", "/home/a b", "it's", "$HOME", ""].map(shellWord)).toEqual([
    "public.users",
    "'/home/a b'",
    "'it'\\''s'",
    "'$HOME'",
    "''",
  ]);
});

test("types have the names that people write", () => {
  expect(
    [
      "character varying(320)",
      "character(3)",
      "timestamp with time zone",
      "timestamp(3) without time zone",
      "numeric(12,2)",
      "text[]",
    ].map(shortType),
  ).toEqual(["varchar(320)", "char(3)", "timestamptz", "timestamp(3)", "numeric(12,2)", "text[]"]);
});

test("statements are one text in which each ends with a semicolon", () => {
  expect(script(["CREATE TABLE a (b INTEGER)", "DROP TABLE c; "])).toBe(
    "CREATE TABLE a (b INTEGER);\n\nDROP TABLE c; ",
  );
});
