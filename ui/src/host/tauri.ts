import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { open, save } from "@tauri-apps/plugin-dialog";
import type { AppEvent } from "./bindings/AppEvent";
import type { CommandName, Commands } from "./bindings/commands";
import type { ErrorView } from "./bindings/ErrorView";
import type { RunEvent } from "./bindings/RunEvent";
import { type Host, HostError } from "./host";

function isErrorView(value: unknown): value is ErrorView {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** The host inside Firn's own window. */
export const tauriHost: Host = {
  async call<N extends CommandName>(name: N, request: Commands[N]["request"]): Promise<Commands[N]["response"]> {
    try {
      return await invoke<Commands[N]["response"]>(name, { request });
    } catch (reason) {
      // Tauri itself rejects with plain text: an unknown command, a capability that is missing, an answer it cannot read.
      throw new HostError(
        isErrorView(reason)
          ? reason
          : {
              code: "other",
              message: `The window could not ask for ${name}: ${String(reason)}`,
              hint: null,
              side: "engine",
              table: null,
            },
      );
    }
  },
  listen: (receive) => listen<RunEvent>("run-event", (event) => receive(event.payload)),
  async hear(receive) {
    // In this order: what arrives between the two is heard as an event.
    const stop = await listen<AppEvent>("app-event", (event) => receive(event.payload));
    const { events } = await tauriHost.call("app_arrivals", {});
    events.forEach(receive);
    return stop;
  },
  pickFolder: (title) => open({ directory: true, multiple: false, title }),
  pickFile: (title, path) => save({ title, defaultPath: path }),
};
