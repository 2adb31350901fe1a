// What a process has in its memory, searched for a text as a page may hold it: UTF-8, one byte or two bytes a character.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

const CHUNK = 16 << 20;
const PAGE = 4096;

/** The processes below one, itself not among them. */
export function descendants(pid) {
  const below = new Map();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      // The name in brackets may hold blanks; what follows the last bracket does not.
      const [, parent] = readFileSync(`/proc/${name}/stat`, "utf8").split(")").at(-1).trim().split(" ");
      below.set(Number(parent), [...(below.get(Number(parent)) ?? []), Number(name)]);
    } catch {
      // It ended while it was looked at.
    }
  }
  const found = [];
  for (const waiting = [pid]; waiting.length > 0;) {
    const children = below.get(waiting.pop()) ?? [];
    found.push(...children);
    waiting.push(...children);
  }
  return found.map((child) => ({ pid: child, program: readFileSync(`/proc/${child}/comm`, "utf8").trim() }));
}

/** The parts of a mapping that were ever touched: a runtime reserves much more than it uses, and reading all of it would
 * touch it. */
function touched(pagemap, from, to) {
  const parts = [];
  const entries = Buffer.alloc(1 << 20);
  for (let at = from; at < to;) {
    const wanted = Math.min(entries.length, ((to - at) / PAGE) * 8);
    const read = readSync(pagemap, entries, 0, wanted, (at / PAGE) * 8);
    if (read === 0) break;
    for (let entry = 0; entry < read; entry += 8, at += PAGE) {
      // The two highest bits: in memory, or swapped out.
      if (!(entries[entry + 7] & 0xc0)) continue;
      const last = parts.at(-1);
      if (last && last.to === at) last.to = at + PAGE;
      else parts.push({ from: at, to: at + PAGE });
    }
  }
  return parts;
}

/** How often each text is found in the writable memory of a process. */
export function countInMemory(pid, texts) {
  const forms = texts.map((text) => {
    const all = ["utf8", "latin1", "utf16le"].map((encoding) => Buffer.from(text, encoding));
    return all.filter((form, at) => !all.slice(0, at).some((before) => before.equals(form)));
  });
  const counts = texts.map(() => 0);
  const buffer = Buffer.alloc(CHUNK);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const pagemap = openSync(`/proc/${pid}/pagemap`, "r");
  let bytes = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [range, rights] = line.split(" ");
      if (!rights?.startsWith("rw")) continue;
      const [first, end] = range.split("-").map((edge) => Number.parseInt(edge, 16));
      for (const { from, to } of touched(pagemap, first, end)) {
        // What is read at once overlaps by a page: a text on the edge is seen whole, and some texts are seen twice.
        for (let at = from; at < to; at += CHUNK - PAGE) {
          let read = 0;
          try {
            read = readSync(memory, buffer, 0, Math.min(CHUNK, to - at), at);
          } catch {
            // A part that is gone meanwhile, or a device's.
            break;
          }
          bytes += read;
          const seen = buffer.subarray(0, read);
          forms.forEach((all, which) => {
            for (const form of all)
              for (let hit = seen.indexOf(form); hit >= 0; hit = seen.indexOf(form, hit + 1)) counts[which] += 1;
          });
        }
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pagemap);
  }
  return { bytes, counts };
}
