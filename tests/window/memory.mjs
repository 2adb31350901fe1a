// What a process has in its memory, searched for a text as a page may hold it: UTF-8, one byte or two bytes a character.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

const CHUNK = 16 << 20;

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
  for (const waiting = [pid]; waiting.length > 0; ) {
    const children = below.get(waiting.pop()) ?? [];
    found.push(...children);
    waiting.push(...children);
  }
  return found.map((child) => ({ pid: child, program: readFileSync(`/proc/${child}/comm`, "utf8").trim() }));
}

/** How often each text is found in the writable memory of a process. */
export function countInMemory(pid, texts) {
  const forms = texts.map((text) => [Buffer.from(text), Buffer.from(text, "latin1"), Buffer.from(text, "utf16le")]);
  const longest = Math.max(...forms.flat().map((form) => form.length));
  const counts = texts.map(() => 0);
  const buffer = Buffer.alloc(CHUNK);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  let bytes = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [range, rights] = line.split(" ");
      if (!rights?.startsWith("rw")) continue;
      const [from, to] = range.split("-").map((edge) => Number.parseInt(edge, 16));
      for (let at = from; at < to; at += CHUNK - longest) {
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
          const unlike = all.filter((form, n) => !all.slice(0, n).some((before) => before.equals(form)));
          for (const form of unlike)
            for (let hit = seen.indexOf(form); hit >= 0; hit = seen.indexOf(form, hit + 1)) counts[which] += 1;
        });
      }
    }
  } finally {
    closeSync(memory);
  }
  return { bytes, counts };
}
