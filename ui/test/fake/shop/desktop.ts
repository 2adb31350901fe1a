// The desktop around the shop: settings and the schedule.

import type { ScheduleView, SettingsView } from "../../../src/host";
import { ago, folder } from "./place";
import { tables } from "./tables";

const settingsValues: SettingsView["settings"] = {
  theme: "system",
  density: "compact",
  recent_workspaces: 12,
  notifications: true,
  tray: true,
  close_to_tray: false,
  confirm_production: true,
  history_days: 365,
};

export const settings: SettingsView = {
  file: "/home/kim/.config/firn/settings.toml",
  settings: settingsValues,
  defaults: settingsValues,
  problems: [],
  notices: [
    {
      level: "info",
      code: "tray",
      message: "this desktop shows no tray; GNOME needs an extension for it, such as AppIndicator",
      fix: null,
    },
  ],
};

export const schedule: ScheduleView = {
  folder,
  state: "stopped",
  since: null,
  tables: [],
  error: null,
};

export const scheduleOn: ScheduleView = {
  folder,
  state: "running",
  since: ago(600),
  tables: tables.map((table, place) => ({
    source: table.source,
    target: table.target,
    schedule: place === 1 ? "0 4 * * * America/Los_Angeles" : "120s",
    status: table.source === "public.tickets" ? "failed" : "success",
    running: table.source === "public.orders",
    last_success: ago(90 + place),
    lag_seconds: 90 + place,
    next_run: new Date(Date.now() + 30_000 + place * 1000).toISOString(),
    failures: table.source === "public.tickets" ? 3 : 0,
    error: table.last?.error ?? null,
  })),
  error: null,
};
