// What arrives from outside the page: a folder dropped onto the window, a link, word of another process.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { keepFound, keys } from "../data/queries";
import { withSettings } from "../data/settings";
import { type AppEvent, type AppView, type FindingView, type Host, type PlaceView } from "../host";

/** Writes a place that came from outside as the part of an address after `#`. */
export function placeHash(place: PlaceView): string {
  const object = place.object === null ? "" : `/${encodeURIComponent(place.object)}`;
  return `#/${place.screen}${object}`;
}

/** What the window does with arrivals. */
export type Reception = {
  /** Opens a workspace, as a person would: nothing in it is trusted by that. */
  open: (folder: string, then?: () => void) => void;
  /** Goes to a place of the workspace that is open. */
  go: (hash: string) => void;
};

/** Takes one arrival; what is to be read comes back. */
export function receive(event: AppEvent, { open, go }: Reception): FindingView | null {
  switch (event.event) {
    case "open":
      open(event.folder);
      return null;
    case "go": {
      const { place } = event;
      if (place.folder === null) go(placeHash(place));
      else open(place.folder, () => go(placeHash(place)));
      return null;
    }
    case "told":
      return event.finding;
    default:
      return null;
  }
}

/** What was told and not put away yet. */
export type Told = {
  findings: readonly FindingView[];
  dismiss: (finding: FindingView) => void;
  /** Who holds what a command waits for. */
  waiting: string | null;
};

/** Takes what arrives from outside the page: folders dropped, links followed, changes behind it. */
export function useArrivals(host: Host, reception: Reception): Told {
  const client = useQueryClient();
  const [findings, setFindings] = useState<readonly FindingView[]>([]);
  const [waiting, setWaiting] = useState<string | null>(null);
  const now = useRef(reception);
  useEffect(() => {
    now.current = reception;
  });
  useEffect(() => {
    const stopping = host.hear((event) => {
      const finding = receive(event, now.current);
      if (finding) setFindings((known) => [...known.filter((one) => one.message !== finding.message), finding]);
      else if (event.event === "settings")
        client.setQueryData<AppView>(keys.app, (known) => withSettings(known, event.view));
      else if (event.event === "schedule") client.setQueryData(keys.schedule(event.view.folder), event.view);
      else if (event.event === "waiting") setWaiting(event.message);
      else if (event.event === "found") keepFound(client, event.folder, event.connection, event.place, event.finding);
    });
    return () => void stopping.then((stop) => stop());
  }, [host, client]);
  // The wait is over when nothing is asked of the host any more.
  useEffect(() => {
    if (waiting === null) return;
    const idle = () => client.isFetching() + client.isMutating() === 0 && setWaiting(null);
    const ends = [client.getQueryCache().subscribe(idle), client.getMutationCache().subscribe(idle)];
    return () => ends.forEach((end) => end());
  }, [client, waiting]);
  return {
    findings,
    dismiss: (finding) => setFindings((known) => known.filter((one) => one !== finding)),
    waiting,
  };
}
