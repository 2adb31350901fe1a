// Knows whether the host answers. Nothing is asked while nothing is going on: only a call that has been
// waiting long leads to a short question, because a connection check may rightly take its time.

import type { CommandName, Commands, Host } from "../host";

/** Whether the host answers. */
export type ContactState = {
  answering: boolean;
  /** Milliseconds since 1970 of its last answer. */ lastAnswer: number;
};

const PATIENCE_MS = 4000;

/** Wraps a host and watches its answers. */
export class Contact implements Host {
  #state: ContactState = { answering: true, lastAnswer: Date.now() };
  readonly #watchers = new Set<() => void>();
  #asking = false;

  constructor(readonly inner: Host) {}

  async call<N extends CommandName>(name: N, request: Commands[N]["request"]): Promise<Commands[N]["response"]> {
    const doubt = setInterval(() => this.#askShortly(), PATIENCE_MS);
    try {
      return await this.inner.call(name, request);
    } finally {
      clearInterval(doubt);
      this.#answered();
    }
  }

  listen: Host["listen"] = (receive) =>
    this.inner.listen((event) => {
      this.#answered();
      receive(event);
    });

  hear: Host["hear"] = (receive) =>
    this.inner.hear((event) => {
      this.#answered();
      receive(event);
    });

  pickFolder: Host["pickFolder"] = (title) => this.inner.pickFolder(title);
  pickFile: Host["pickFile"] = (title, path) => this.inner.pickFile(title, path);

  /** The state now; the same object until it changes. */
  state = (): ContactState => this.#state;

  /** Hears every change; returns what ends it. */
  watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  #askShortly(): void {
    if (this.#asking) return;
    this.#asking = true;
    const silent = setTimeout(() => this.#set({ ...this.#state, answering: false }), PATIENCE_MS);
    this.inner
      .call("settings_show", {})
      .catch(() => undefined) // a refusal is an answer, too
      .then(() => this.#answered())
      .finally(() => {
        clearTimeout(silent);
        this.#asking = false;
      });
  }

  #answered(): void {
    const { answering } = this.#state;
    if (answering) this.#state.lastAnswer = Date.now();
    else this.#set({ answering: true, lastAnswer: Date.now() });
  }

  #set(state: ContactState): void {
    this.#state = state;
    for (const changed of this.#watchers) changed();
  }
}
