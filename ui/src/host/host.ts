import { createContext, useContext } from "react";
import type { CommandName, Commands } from "./bindings/commands";
import type { AppEvent } from "./bindings/AppEvent";
import type { ErrorView } from "./bindings/ErrorView";
import type { RunEvent } from "./bindings/RunEvent";

/** The program behind the page: the window's own process, or a stand-in in tests. */
export interface Host {
  /** Asks for one command. Rejects with a `HostError`. */
  call<N extends CommandName>(name: N, request: Commands[N]["request"]): Promise<Commands[N]["response"]>;
  /** Hears the events of every run; resolves to what ends the listening. */
  listen(receive: (event: RunEvent) => void): Promise<() => void>;
  /** Hears what belongs to no run, and first what arrived before anybody heard; resolves to what ends the hearing. */
  hear(receive: (event: AppEvent) => void): Promise<() => void>;
  /** Lets the person choose a folder; null where they change their mind. */
  pickFolder(title: string): Promise<string | null>;
  /** Lets the person choose where a file is written; null where they change their mind. */
  pickFile(title: string, path: string): Promise<string | null>;
}

/** A command that failed, with what the host said about it. */
export class HostError extends Error {
  constructor(readonly view: ErrorView) {
    super(view.message);
    this.name = "HostError";
  }
}

/** What is known about any failure, in the host's words where it is the host's. */
export function errorView(error: unknown): ErrorView {
  if (error instanceof HostError) return error.view;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "other",
    message: `The window met a fault of its own: ${message}`,
    hint: "Close the window and open it again. Runs keep what they have committed.",
    side: "engine",
    table: null,
  };
}

const HostContext = createContext<Host | null>(null);

/** Gives the host to everything below. */
export const HostProvider = HostContext.Provider;

/** The host of this page. */
export function useHost(): Host {
  const host = useContext(HostContext);
  if (!host) throw new Error("no HostProvider above this component");
  return host;
}
