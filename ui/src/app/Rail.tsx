import {
  ChevronDown,
  CircleSlash2,
  Layers,
  LayoutDashboard,
  type LucideIcon,
  Play,
  Plug,
  Settings,
  Table2,
} from "lucide-react";
import type { ReactNode } from "react";
import { type Route, routeHash } from "../action";
import type { RecentWorkspace, WorkspaceView } from "../host";
import { count } from "../data/format";
import { Divider, Glyph, Icon, Keys } from "../kit";
import { useMenu, WorkspaceMenu } from "./WorkspaceMenu";

type RailProps = {
  workspace: WorkspaceView;
  route: Route;
  running: boolean;
  /** Unresolved rejected rows; null where they are not known. */
  rejected: number | null;
  recent: readonly RecentWorkspace[];
  onOpen: (folder: string) => void;
};

/** The rail: the workspace, its sections with their counts, the settings. */
export function Rail({ workspace, route, running, rejected, recent, onOpen }: RailProps) {
  const menu = useMenu();
  return (
    <aside className="rail">
      <Divider pane="rail" />
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
          current={["tables", "mapping", "verify", "rows", "find"].includes(route.screen)}
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
        <Entry
          to={{ screen: "settings" }}
          icon={Settings}
          text="Settings"
          current={route.screen === "settings"}
          count={<Keys of="mod+," />}
        />
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
