import { CircleSlash2, Layers, LayoutDashboard, type LucideIcon, Play, Plug, SunMoon, Table2 } from "lucide-react";
import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { type Route, routeHash } from "../action";
import type { RecentWorkspace, WorkspaceView } from "../host";
import { count } from "../data/format";
import { Glyph, Icon } from "../kit";
import type { Theme } from "./theme";
import { useMenu, WorkspaceMenu } from "./WorkspaceMenu";

type RailProps = {
  workspace: WorkspaceView;
  route: Route;
  running: boolean;
  /** Unresolved rejected rows; null where they are not known. */
  rejected: number | null;
  recent: readonly RecentWorkspace[];
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onOpen: (folder: string) => void;
};

const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

/** The rail: the workspace, its sections with their counts, the theme. */
export function Rail({ workspace, route, running, rejected, recent, theme, onTheme, onOpen }: RailProps) {
  const menu = useMenu();
  return (
    <aside className="rail">
      <button
        ref={menu.button}
        type="button"
        className="workspace"
        aria-haspopup="menu"
        aria-expanded={menu.shown}
        title={workspace.folder}
        onClick={menu.toggle}
      >
        <Icon of={Layers} />
        <span className="grow cut">{workspace.name}</span>
        <Icon of={ChevronDown} small />
      </button>
      {menu.shown && <WorkspaceMenu current={workspace.folder} recent={recent} onOpen={onOpen} onClose={menu.close} />}
      <nav className="sections" aria-label="Sections">
        <Entry
          to={{ screen: "overview" }}
          icon={LayoutDashboard}
          text="Overview"
          current={route.screen === "overview"}
        />
        <Entry
          to={{ screen: "connections", name: null }}
          icon={Plug}
          text="Connections"
          current={route.screen === "connections"}
          count={count(workspace.connections.length)}
        />
        <div className="group">Move</div>
        <Entry
          to={{ screen: "tables", table: null }}
          icon={Table2}
          text="Tables"
          current={["tables", "mapping", "verify", "find"].includes(route.screen)}
          count={count(workspace.tables.length)}
        />
        <Entry
          to={{ screen: "runs", runId: null }}
          icon={Play}
          text="Runs"
          current={route.screen === "runs"}
          tone={running ? "running" : undefined}
          count={
            running ? (
              <>
                <Glyph tone="running" />1
              </>
            ) : undefined
          }
        />
        <Entry
          to={{ screen: "rejected", table: null, row: null }}
          icon={CircleSlash2}
          text="Rejected rows"
          current={route.screen === "rejected"}
          tone={rejected ? "failed" : undefined}
          count={rejected === null ? undefined : count(rejected)}
        />
      </nav>
      <nav className="foot" aria-label="Window">
        <button
          type="button"
          className="entry"
          onClick={() => onTheme(nextTheme[theme])}
          title="Light, dark, or as the system"
        >
          <Icon of={SunMoon} />
          Theme
          <span className="count">{theme}</span>
        </button>
      </nav>
    </aside>
  );
}

function Entry({
  to,
  icon,
  text,
  current,
  count: shown,
  tone,
}: {
  to: Route;
  icon: LucideIcon;
  text: string;
  current: boolean;
  count?: ReactNode;
  tone?: "running" | "failed";
}) {
  return (
    <a className="entry" href={routeHash(to)} aria-current={current ? "page" : undefined} draggable={false}>
      <Icon of={icon} />
      {text}
      {shown !== undefined && <span className={`count${tone ? ` ${tone}` : ""}`}>{shown}</span>}
    </a>
  );
}
