import { describe, expect, test } from "vitest";
import { type PageAsk, type PageCells, PagedCells } from "../../src/grid/pages";

/** A host that answers when it is told to. */
class Slow {
  readonly asked: (PageAsk & { answer: () => void; fail: (error: Error) => void })[] = [];

  fetch = (ask: PageAsk): Promise<PageCells> =>
    new Promise((answer, fail) => {
      this.asked.push({
        ...ask,
        answer: () =>
          answer({
            cell: (row, column) => `${row + ask.rows.from}/${column + ask.columns.from}`,
            bytes: 1_000,
          }),
        fail,
      });
      ask.signal.addEventListener("abort", () => fail(new Error("given up")));
    });

  /** Answers everything that has not been answered yet. */
  async answerAll(): Promise<void> {
    for (const ask of this.asked.splice(0)) ask.answer();
    await rest();
  }
}

const rest = () => new Promise((done) => setTimeout(done, 0));
const columns = [0, 1, 2, 3];
const paged = (slow: Slow, more = {}) =>
  new PagedCells({ rows: 10_000, columns: 276, fetch: slow.fetch, pageRows: 100, pageColumns: 10, atOnce: 2, ...more });

describe("cells in pages", () => {
  test("what is in view is fetched by rows and columns, and is there when it has come", async () => {
    const slow = new Slow();
    const cells = paged(slow);
    let told = 0;
    cells.watch(() => (told += 1));
    cells.want({ from: 90, to: 110 }, [0, 1, 271]);
    expect(cells.cell(95, 271)).toBeUndefined();
    expect(slow.asked.length).toBe(2);
    await slow.answerAll();
    await slow.answerAll();
    expect(cells.cell(95, 271)).toBe("95/271");
    expect(cells.cell(105, 1)).toBe("105/1");
    expect(told).toBe(4);
    cells.want({ from: 91, to: 109 }, [0, 271]);
    expect(slow.asked.length).toBe(0);
  });

  test("the last page ends with the rows and columns", async () => {
    const slow = new Slow();
    const cells = paged(slow, { rows: 9_950 });
    cells.want({ from: 9_940, to: 9_960 }, [275]);
    expect(slow.asked[0]?.rows).toEqual({ from: 9_900, to: 9_950 });
    expect(slow.asked[0]?.columns).toEqual({ from: 270, to: 276 });
  });

  test("what is scrolled past is given up, and no more than a few pages are on their way", async () => {
    const slow = new Slow();
    const cells = paged(slow);
    const asked: PageAsk[] = [];
    for (let row = 0; row < 9_000; row += 300) {
      cells.want({ from: row, to: row + 20 }, columns);
      asked.push(...slow.asked.splice(0));
      expect(asked.filter(({ signal }) => !signal.aborted).length).toBeLessThanOrEqual(2);
    }
    expect(asked.filter(({ signal }) => !signal.aborted).map(({ rows }) => rows.from)).toEqual([8_700]);
  });

  test("no more is kept than there is room for, and never less than what is in view", async () => {
    const slow = new Slow();
    const cells = paged(slow, { keep: 5_000 });
    for (let row = 0; row < 5_000; row += 100) {
      cells.want({ from: row, to: row + 50 }, columns);
      await slow.answerAll();
      expect(cells.bytes).toBeLessThanOrEqual(5_000);
      expect(cells.cell(row, 1)).toBe(`${row}/1`);
    }
    expect(cells.cell(0, 1)).toBeUndefined();
    expect(cells.cell(4_700, 1)).toBe("4700/1");
    const many = paged(slow, { keep: 1_000 });
    many.want({ from: 0, to: 300 }, columns);
    while (slow.asked.length > 0) await slow.answerAll();
    expect(many.bytes).toBe(3_000);
    expect(many.cell(0, 0)).toBe("0/0");
  });

  test("a page that failed is said to have, and is fetched again only when asked for", async () => {
    const slow = new Slow();
    const cells = paged(slow);
    cells.want({ from: 0, to: 10 }, columns);
    slow.asked.splice(0)[0]?.fail(new Error("no such server"));
    await rest();
    expect(String(cells.failure)).toContain("no such server");
    cells.want({ from: 1, to: 11 }, columns);
    expect(slow.asked.length).toBe(0);
    cells.again();
    expect(cells.failure).toBeUndefined();
    await slow.answerAll();
    expect(cells.cell(3, 2)).toBe("3/2");
  });

  test("a block is read whole, beyond what is in view, and its pages are not given up with the view", async () => {
    const slow = new Slow();
    const cells = paged(slow);
    const block = cells.read({ from: 50, to: 250 }, [9, 10]);
    await rest();
    cells.want({ from: 5_000, to: 5_010 }, columns);
    while (slow.asked.length > 0) await slow.answerAll();
    const lines = await block;
    expect(lines.length).toBe(200);
    expect(lines[0]).toEqual(["50/9", "50/10"]);
    expect(lines.at(-1)).toEqual(["249/9", "249/10"]);
  });

  test("a block of which a page cannot be had is not read", async () => {
    const slow = new Slow();
    const cells = paged(slow);
    const block = cells.read({ from: 0, to: 150 }, [0]);
    slow.asked.splice(0)[0]?.fail(new Error("cut"));
    await expect(block).rejects.toThrow("cut");
  });

  test("rows that become known later are added; the page that ended short is fetched again", async () => {
    const slow = new Slow();
    const cells = paged(slow, { rows: 150 });
    cells.want({ from: 0, to: 150 }, columns);
    await slow.answerAll();
    cells.grow(1_000);
    expect(cells.rows).toBe(1_000);
    expect(cells.cell(20, 1)).toBe("20/1");
    expect(cells.cell(120, 1)).toBeUndefined();
    expect(slow.asked[0]?.rows).toEqual({ from: 100, to: 200 });
  });

  test("a grid that is closed waits for nothing", () => {
    const slow = new Slow();
    const cells = paged(slow);
    cells.want({ from: 0, to: 300 }, columns);
    cells.close();
    expect(slow.asked.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

test("long values that pages carry cut off are read whole for copying", async () => {
  const wholes: PageAsk[] = [];
  const text = (length: number) => "x".repeat(length);
  const cells = new PagedCells({
    rows: 3,
    columns: 2,
    fetch: async () => ({ bytes: 1, cell: (row) => text(row === 1 ? 11 : 10) }),
    whole: {
      after: 10,
      fetch: async (ask) => {
        wholes.push(ask);
        return { bytes: 1, cell: () => text(5_000) };
      },
    },
  });
  expect(cells.isCut(text(10))).toBe(false);
  const lines = await cells.read({ from: 0, to: 3 }, [1]);
  expect(lines.map(([value]) => value?.length)).toEqual([10, 5_000, 10]);
  expect(wholes.map(({ rows, columns: { from } }) => [rows.from, rows.to, from])).toEqual([[1, 2, 1]]);
});
