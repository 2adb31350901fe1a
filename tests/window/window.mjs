// The window end to end: the real program in its real webview, a private server, the system's keyring.
// Run by run.sh, which provides a display, a session bus and an unlocked keyring. Steps stand in files by their subject.

import { dark, keyboard, restart, sample, untrusted, withoutKeyring } from "./desktop.mjs";
import { mapping } from "./mapping.mjs";
import { databaseKilled, windowKilled } from "./faults.mjs";
import { allCompared, discarded, fixed, retried, verified } from "./proof.mjs";
import { chart, overview, record, rejectedRow, resume, runAndCancel, warehouseEqualsSource } from "./runs.mjs";
import { driftAccepted, driftBeforeTables, eitherWay, rowsBeforeAndAfter, severalTables } from "./work.mjs";
import { laterStarts, notified, tray } from "./outside.mjs";
import { rows } from "./rows.mjs";
import { secretHasLeftThePage, secretIsNotInThePage, secretIsNowhere } from "./secrets.mjs";
import { accessibleInBoth, drawer, guard, policy, pullRail, railStays, settings } from "./shell.mjs";
import { addConnection, addWarehouse, everyKind, findTables, firstStart, plan } from "./setup.mjs";
import { close, end, open, shots, startDriver, startServer, tellFailure } from "./stage.mjs";
import { step } from "./step.mjs";

try {
  await step("a private server with 1,500,000 rows", startServer);
  await step("a driver for the webview", startDriver);
  await step("first start, a new workspace", async () => {
    await open();
    await firstStart();
  });
  await step("a connection by its URL; its check fails, is mended, passes", addConnection);
  await step("the embedded warehouse", addWarehouse);
  await step("the password has left the page once it is saved", secretHasLeftThePage);
  await step("a connection of every kind", everyKind);
  await step("tables are found and added", findTables);
  await step("a plan", plan);
  await step("a run with progress, cancelled", runAndCancel);
  await step("the same run resumed to its end", resume);
  await step("its chart, and the chart as a file", chart);
  await step("its record: the plan that was used, the log", record);
  await step("the overview", overview);
  await step("the rejected row with its payload", rejectedRow);
  await step("palette and keys", keyboard);
  await step("settings in their file", settings);
  await step("the last run in the drawer, below another screen", drawer);
  await step("a production connection is not written into by a slip", guard);
  await step("the edge of a pane, pulled by keys", pullRail);
  await step("a restart: recent workspace, secret in the keyring", restart);
  await step("the pane is as wide as it was left", railStays);
  await step("links and later starts, in the one window", laterStarts);
  await step("the schedule, by the tray", tray);
  await step("a scheduled run that fails is told by the desktop; a click leads to it", notified);
  await step("the secret is in no file and not in the page", secretIsNowhere);
  await step("nor in the memory of the page's process", secretIsNotInThePage);
  await step("the dark theme on every screen", dark);
  await step("a table of 276 columns, mapped", mapping);
  await step("a rejected row, mended at the source, tried again", retried);
  await step("a comparison that differs, repaired, equal", verified);
  await step("all tables compared, and proved equal", allCompared);
  await step("a rejected row discarded with a note", discarded);
  await step("one fix for all rows of a cause", fixed);
  await step("the database is killed in mid-run, and comes back", databaseKilled);
  await step("the window is killed in mid-run, and goes on", windowKilled);
  await step("axe on the screens, dark and light", accessibleInBoth);
  await step("rows before and after, another type", rowsBeforeAndAfter);
  await step("the text beside it, edited either way", eitherWay);
  await step("several tables at once", severalTables);
  await step("a source that has changed, looked through and run", driftAccepted);
  await step("changed again, looked through in the list of tables", driftBeforeTables);
  await step("the rows of source and target, to the last one", rows);
  await step("a workspace of somebody else, and a file with a fault", untrusted);
  await step("the sample workspace, from nothing to its rows", sample);
  await step("the policy of the page holds in the webview", policy);
  await step("the window closes", close);
  await step("the warehouse holds what the source holds", warehouseEqualsSource);
  await step("without a keyring, the window says what to do", withoutKeyring);
  console.log(`window: everything as it should be; pictures in ${shots}`);
} catch (error) {
  await tellFailure(error);
  process.exitCode = 1;
} finally {
  await end();
}
