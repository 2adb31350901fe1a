import { useEffect, useRef, useState } from "react";
import type { AppEvent, FindingView, Host, PlaceView } from "../host";

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

/** Takes what arrives from outside the page: folders dropped, links followed. Returns what the person should read. */
export function useArrivals(host: Host, reception: Reception): [FindingView | null, () => void] {
  const [told, setTold] = useState<FindingView | null>(null);
  const now = useRef(reception);
  useEffect(() => {
    now.current = reception;
  });
  useEffect(() => {
    const stopping = host.hear((event) => {
      const finding = receive(event, now.current);
      if (finding) setTold(finding);
    });
    return () => void stopping.then((stop) => stop());
  }, [host]);
  return [told, () => setTold(null)];
}
