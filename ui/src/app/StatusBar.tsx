import { useSyncExternalStore } from "react";
import { useOffered } from "../action";
import type { Contact } from "../data/contact";
import { timeOfDay } from "../data/format";
import { Keys, State } from "../kit";

/** What is always known: whether the host answers, where things are, which keys help here. */
export function StatusBar({ contact, facts }: { contact: Contact; facts: readonly string[] }) {
  const { answering } = useSyncExternalStore(contact.watch, contact.state);
  const hints = useOffered().filter(({ spec, offer }) => spec.hint && spec.keys && offer.unavailable === null);
  return (
    <footer className="statusbar">
      {answering ? <State tone="ok">Host connected</State> : <State tone="warn">Host silent</State>}
      {facts.map((fact) => (
        <span key={fact} className="cut">
          {fact}
        </span>
      ))}
      <span className="hints">
        {hints
          .toSorted((a, b) => Number(a.spec.scope === "everywhere") - Number(b.spec.scope === "everywhere"))
          .map(({ id, spec }) => (
            <span key={id} className="hint">
              {spec.keys && <Keys of={spec.keys} />} {spec.hint}
            </span>
          ))}
      </span>
    </footer>
  );
}

/** The amber strip while the host does not answer: old values stay, with their age. */
export function SilentStrip({ contact }: { contact: Contact }) {
  const { answering, lastAnswer } = useSyncExternalStore(contact.watch, contact.state);
  if (answering) return null;
  return (
    <div className="strip warn" role="alert">
      <State tone="warn">The host does not answer</State>
      <span>
        What is shown is from {timeOfDay(new Date(lastAnswer).toISOString())}. A run goes on by itself; this strip goes
        when the host is back.
      </span>
    </div>
  );
}
