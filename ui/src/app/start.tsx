import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { ActionProvider, ActionRegistry } from "../action";
import { Contact } from "../data/contact";
import { RunFeed } from "../data/feed";
import { beginLayout } from "../data/layout";
import { afterRun, makeClient } from "../data/queries";
import { type Host, HostProvider } from "../host";
import { App } from "./App";
import { DriftAsked } from "./DriftDialog";
import { Guarded } from "./GuardDialog";

/** Puts the window's page up on a host. */
export function start(host: Host): void {
  const place = document.getElementById("root");
  if (!place) throw new Error("index.html holds no #root");
  const contact = new Contact(host);
  beginLayout(contact, document.documentElement);
  const client = makeClient();
  const feed = new RunFeed(contact, () => afterRun(client));
  feed.start();
  createRoot(place).render(
    <HostProvider value={contact}>
      <QueryClientProvider client={client}>
        <ActionProvider value={new ActionRegistry()}>
          <Guarded>
            <DriftAsked>
              <App contact={contact} feed={feed} />
            </DriftAsked>
          </Guarded>
        </ActionProvider>
      </QueryClientProvider>
    </HostProvider>,
  );
}
