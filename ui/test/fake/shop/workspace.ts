// The workspace that holds the shop.

import type { WorkspaceView } from "../../../src/host";
import { connections } from "./connections";
import { folder } from "./place";
import { runs } from "./runs";
import { tables } from "./tables";

export const workspace: WorkspaceView = {
  folder,
  name: "shop",
  trusted: true,
  problems: [],
  connections,
  source: "app_db",
  target: "warehouse",
  state: "app_db",
  tables,
  runs,
  active_run: null,
  notices: [],
};
