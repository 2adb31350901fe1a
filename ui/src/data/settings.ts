// The person's settings, as the host has them; part of what it answers first.

import { useQueryClient } from "@tanstack/react-query";
import type { AppView, SettingsValues, SettingsView } from "../host";
import { keys, useApp, useCommand } from "./queries";

/** Puts settings in the place of those that are known. */
export function withSettings(app: AppView | undefined, settings: SettingsView): AppView | undefined {
  return app && { ...app, settings };
}

/** The settings, and the way to change some of them. */
export function useSettings() {
  const app = useApp();
  const client = useQueryClient();
  const save = useCommand("settings_save", (queries, answer) =>
    queries.setQueryData<AppView>(keys.app, (known) => withSettings(known, answer)),
  );
  const show = useCommand("settings_show", (queries, answer) =>
    queries.setQueryData<AppView>(keys.app, (known) => withSettings(known, answer)),
  );
  return {
    view: app.data?.settings ?? null,
    save,
    /** Changes settings: seen at once, taken back where the host does not keep them. */
    change: (change: Partial<SettingsValues>) => {
      const before = client.getQueryData<AppView>(keys.app)?.settings;
      if (before)
        client.setQueryData<AppView>(keys.app, (known) =>
          withSettings(known, { ...before, settings: { ...before.settings, ...change } }),
        );
      save.mutate(change, {
        onError: () => before && client.setQueryData<AppView>(keys.app, (known) => withSettings(known, before)),
      });
    },
    /** Reads the file again. */
    reload: () => show.mutate({}),
    reloading: show.isPending,
  };
}
