import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { navigate, useAction, useRoute, useShortcuts } from "../action";
import type { Contact } from "../data/contact";
import type { RunFeed } from "../data/feed";
import { layout } from "../data/layout";
import { keepWorkspace, keys, useApp, useCommand } from "../data/queries";
import { useSettings } from "../data/settings";
import { errorView, type ThemeView } from "../host";
import { Settings } from "../feature/settings/Settings";
import { FolderDialog } from "../feature/welcome/FolderDialog";
import { Welcome } from "../feature/welcome/Welcome";
import { Trouble, Waiting } from "../kit";
import { useArrivals } from "./arrivals";
import { KeySheet } from "./KeySheet";
import { Palette } from "./Palette";
import { useOpenSample } from "./sample";
import { StatusBar } from "./StatusBar";
import { ToldStrips } from "./Strips";
import { useLook } from "./theme";
import { Workspace } from "./Workspace";

/** What lies over the page. */
type Over = "palette" | "keys" | "new" | "open" | null;

/** The whole window: the first screen, or an open workspace, and what may lie over either. */
export function App({ contact, feed }: { contact: Contact; feed: RunFeed }) {
  const app = useApp();
  const client = useQueryClient();
  const [folder, setFolder] = useState<string | null>(null);
  const [over, setOver] = useState<Over>(null);
  const route = useRoute();
  const { view: settings, change } = useSettings();
  const theme = settings?.settings.theme ?? null;
  useLook(theme, settings?.settings.density ?? null);
  const sizes = app.data?.layout.sizes;
  const restored = useRef(false);
  useLayoutEffect(() => {
    // Only the first answer counts: what is arranged afterwards is known here first.
    if (sizes && !restored.current) layout.restore(sizes);
    restored.current ||= sizes !== undefined;
  }, [sizes]);

  const enter = (workspaceFolder: string) => {
    setOver(null);
    if (workspaceFolder !== folder) navigate({ screen: "overview" });
    setFolder(workspaceFolder);
  };
  const open = useCommand("workspace_open", (queries, answer) => {
    keepWorkspace(queries, answer);
    enter(answer.folder);
  });
  const create = useCommand("workspace_create", (queries, answer) => {
    keepWorkspace(queries, answer);
    enter(answer.folder);
  });
  const sample = useOpenSample(enter);
  const forget = useCommand("workspace_forget", (queries, answer) => queries.setQueryData(keys.app, answer));
  const busy = open.isPending || create.isPending || sample.isPending;
  const opening = open.isPending
    ? open.variables.folder
    : create.isPending
      ? create.variables.folder
      : sample.isPending
        ? (app.data?.sample_folder ?? null)
        : null;

  const told = useArrivals(contact, {
    open: (next, then) => open.mutate({ folder: next }, { onSuccess: then }),
    go: (hash) => {
      window.location.hash = hash;
    },
  });
  const begin = (what: "new" | "open") => {
    open.reset();
    create.reset();
    sample.reset();
    setOver(what);
  };
  const choose = (next: ThemeView) => () => change({ theme: next });
  const waits = app.data ? (busy ? "one moment" : null) : "the host has not answered yet";
  useAction("palette.open", () => setOver("palette"));
  useAction("keys.open", () => setOver("keys"));
  useAction("theme.system", choose("system"), theme === "system" ? "it is so now" : null);
  useAction("theme.light", choose("light"), theme === "light" ? "it is so now" : null);
  useAction("theme.dark", choose("dark"), theme === "dark" ? "it is so now" : null);
  useAction("go.settings", () => navigate({ screen: "settings" }), waits);
  useAction("workspace.sample", () => app.data && sample.mutate(app.data), waits);
  useAction("workspace.open", () => begin("open"), waits);
  useAction("workspace.new", () => begin("new"), waits);
  useShortcuts(over !== null);

  const failure = open.isError
    ? errorView(open.error)
    : create.isError
      ? errorView(create.error)
      : sample.isError
        ? errorView(sample.error)
        : null;
  const bar = app.data && <StatusBar contact={contact} facts={[`Firn ${app.data.version}`]} />;
  return (
    <>
      {folder ? (
        <Workspace
          key={folder}
          folder={folder}
          contact={contact}
          feed={feed}
          told={told}
          recent={app.data?.recent ?? []}
          failure={over ? null : failure}
          onOpen={(next) => open.mutate({ folder: next })}
          onClose={() => {
            setFolder(null);
            navigate({ screen: "overview" });
            void client.invalidateQueries({ queryKey: keys.app });
          }}
        />
      ) : app.data && route.screen === "settings" ? (
        <SettingsAlone strips={<ToldStrips told={told} />} statusBar={bar} />
      ) : app.data ? (
        <Welcome
          app={app.data}
          opening={opening}
          error={over ? null : forget.isError ? errorView(forget.error) : failure}
          onRecent={(next) => open.mutate({ folder: next })}
          onForget={(gone) => forget.mutate({ folder: gone })}
          strips={<ToldStrips told={told} />}
          statusBar={bar}
        />
      ) : app.isError ? (
        <Trouble error={errorView(app.error)} title={<b>Firn could not start</b>} />
      ) : (
        <Waiting text="Starting" />
      )}
      {over === "palette" && (
        <Palette folder={folder} onOpen={(next) => open.mutate({ folder: next })} onClose={() => setOver(null)} />
      )}
      {over === "keys" && <KeySheet onClose={() => setOver(null)} />}
      {(over === "new" || over === "open") && (
        <FolderDialog
          purpose={over}
          busy={busy}
          error={failure}
          onClose={() => setOver(null)}
          onDone={(path) =>
            over === "new" ? create.mutate({ folder: path, sample: false }) : open.mutate({ folder: path })
          }
        />
      )}
    </>
  );
}

/** The settings while no workspace is open. */
function SettingsAlone({ strips, statusBar }: { strips: ReactNode; statusBar: ReactNode }) {
  const leave = () => navigate({ screen: "overview" });
  useAction("go.up", leave);
  return (
    <div className="alone">
      <main className="page">
        {strips}
        <Settings onLeave={leave} />
      </main>
      {statusBar}
    </div>
  );
}
