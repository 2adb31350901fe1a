// The steps of a test that drives the page, each told with when it began and how long it took.

const begun = performance.now();

/** Does one step. */
export async function step(what, does) {
  const since = performance.now();
  process.stdout.write(`${((since - begun) / 1000).toFixed(1).padStart(6)} s  ${what} … `);
  await does();
  process.stdout.write(`${((performance.now() - since) / 1000).toFixed(1)} s\n`);
}
