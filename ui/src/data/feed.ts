// Keeps every run that the window has met up to date, whichever screen is shown.

import type { Host } from "../host";
import { type Follow, followed, goesOn, receive, restate } from "./run";

/** The runs that are followed. One for the life of the page. */
export class RunFeed {
  readonly #host: Host;
  readonly #follows = new Map<string, Follow>();
  readonly #asking = new Set<string>();
  readonly #failures = new Map<string, unknown>();
  readonly #watchers = new Set<() => void>();
  readonly #onEnd: (runId: string) => void;
  #stop: Promise<() => void> | null = null;

  /** `onEnd` hears when a run has ended, so that what it changed can be asked for again. */
  constructor(host: Host, onEnd: (runId: string) => void) {
    this.#host = host;
    this.#onEnd = onEnd;
  }

  /** Begins to listen; returns what ends it. */
  start(): () => void {
    const stopping = this.#host.listen((event) => {
      const before = this.#follows.get(event.run_id) ?? followed(event.run_id);
      const after = receive(before, event);
      this.#keep(after);
      if (after.behind) this.#ask(event.run_id);
      if (event.event === "finished") {
        this.#onEnd(event.run_id);
        // The host's own figures of the whole run replace the ones added up here.
        this.#ask(event.run_id);
      }
    });
    this.#stop = stopping;
    return () => {
      if (this.#stop === stopping) this.#stop = null;
      void stopping.then((stop) => stop());
    };
  }

  /** Follows a run, asking for its state where it is not known or may have moved on unheard. */
  open(runId: string): void {
    const follow = this.#follows.get(runId);
    if (!follow) this.#keep(followed(runId));
    if (!follow?.view || follow.behind || goesOn(follow.view.status)) this.#ask(runId);
  }

  /** What is known of a run. */
  get(runId: string): Follow | undefined {
    return this.#follows.get(runId);
  }

  /** The run of a workspace that began last among those that are known. */
  latest(folder: string): Follow | undefined {
    const begun = [...this.#follows.values()].filter(({ view }) => view?.folder === folder);
    return begun.reduce<Follow | undefined>(
      (last, follow) => (last?.view && follow.view && last.view.started_at >= follow.view.started_at ? last : follow),
      undefined,
    );
  }

  /** The newest run that goes on and has this table among its own. */
  ofTable(source: string): Follow | undefined {
    const going = [...this.#follows.values()].filter(
      ({ view }) => view && goesOn(view.status) && view.tables.some((table) => table.source === source),
    );
    return going.at(-1);
  }

  /** Why the state of a run could not be had. */
  failure(runId: string): unknown {
    return this.#failures.get(runId);
  }

  /** Hears every change; returns what ends it. */
  watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  #keep(follow: Follow): void {
    this.#follows.set(follow.runId, follow);
    for (const changed of this.#watchers) changed();
  }

  #ask(runId: string): void {
    if (this.#asking.has(runId)) return;
    this.#asking.add(runId);
    this.#host
      .call("run_state", { run_id: runId })
      .then((view) => {
        this.#failures.delete(runId);
        const after = restate(this.#follows.get(runId) ?? followed(runId), view);
        this.#asking.delete(runId);
        this.#keep(after);
        if (after.behind) this.#ask(runId);
      })
      .catch((failure: unknown) => {
        this.#asking.delete(runId);
        this.#failures.set(runId, failure);
        for (const changed of this.#watchers) changed();
      });
  }
}
