import { createContext, useContext, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { type ActionId, type ActionSpec, actionSpec, actions } from "./list";

/** What a screen offers for an action. */
export type Offer = {
  run: () => void;
  /** Why it cannot be done now. */
  unavailable: string | null;
  /** What it would be done to. */
  object: string | null;
};

/** An action that something on the page offers. */
export type OfferedAction = { id: ActionId; spec: ActionSpec; offer: Offer };

/** What can be done now. The component that was mounted last wins. */
export class ActionRegistry {
  readonly #offers = new Map<ActionId, Offer[]>();
  readonly #watchers = new Set<() => void>();
  #version = 0;

  /** Offers an action; returns what takes the offer back. */
  offer(id: ActionId, offer: Offer): () => void {
    this.#offers.set(id, [...(this.#offers.get(id) ?? []), offer]);
    this.#changed();
    return () => {
      this.#offers.set(
        id,
        (this.#offers.get(id) ?? []).filter((known) => known !== offer),
      );
      this.#changed();
    };
  }

  /** The offer that holds for an action. */
  find(id: ActionId): Offer | undefined {
    return this.#offers.get(id)?.at(-1);
  }

  /** Everything offered, in the order of the list. */
  offered(): OfferedAction[] {
    return actions.flatMap((spec) => {
      const offer = this.find(spec.id);
      return offer ? [{ id: spec.id, spec: actionSpec(spec.id), offer }] : [];
    });
  }

  /** Does an action where it is offered and available; says whether it did. */
  run(id: ActionId): boolean {
    const offer = this.find(id);
    if (!offer || offer.unavailable !== null) return false;
    offer.run();
    return true;
  }

  version = (): number => this.#version;

  watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  #changed(): void {
    this.#version += 1;
    for (const changed of this.#watchers) changed();
  }
}

const RegistryContext = createContext<ActionRegistry | null>(null);

/** Gives the registry to everything below. */
export const ActionProvider = RegistryContext.Provider;

/** The registry of this page. */
export function useRegistry(): ActionRegistry {
  const registry = useContext(RegistryContext);
  if (!registry) throw new Error("no ActionProvider above this component");
  return registry;
}

/** Offers an action while the component is mounted. */
export function useAction(
  id: ActionId,
  run: () => void,
  unavailable: string | null = null,
  object: string | null = null,
): void {
  const registry = useRegistry();
  const latest = useRef(run);
  // Before the page is painted, so that no button is seen in a state that does not hold.
  useLayoutEffect(() => {
    latest.current = run;
  });
  useLayoutEffect(
    () => registry.offer(id, { run: () => latest.current(), unavailable, object }),
    [registry, id, unavailable, object],
  );
}

/** The offer for an action, kept up to date. */
export function useOffer(id: ActionId): Offer | undefined {
  const registry = useRegistry();
  useSyncExternalStore(registry.watch, registry.version);
  return registry.find(id);
}

/** Everything offered, kept up to date. */
export function useOffered(): OfferedAction[] {
  const registry = useRegistry();
  useSyncExternalStore(registry.watch, registry.version);
  return registry.offered();
}
