// What the page knows of the host, and what each change makes stale.

import {
  type QueryClient,
  QueryClient as Client,
  keepPreviousData,
  type MutateOptions,
  queryOptions,
  skipToken,
  useInfiniteQuery,
  useMutation,
  useIsMutating,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { guardedWrite, useGuard } from "./guard";
import {
  type AppView,
  type CheckView,
  type CommandName,
  type Commands,
  type FindingView,
  type Host,
  useHost,
  type VerifiedTable,
  type WorkspaceView,
} from "../host";

/** Names of what is kept; a workspace's entries begin with its folder. */
export const keys = {
  app: ["app"] as const,
  workspace: (folder: string) => ["in", folder, "workspace"] as const,
  connections: (folder: string) => ["in", folder, "connections"] as const,
  /** What a check has found so far; the check's own result takes its place. */
  checking: (folder: string, name: string) => ["in", folder, "checking", name] as const,
  check: (folder: string, name: string) => ["in", folder, "check", name] as const,
  status: (folder: string) => ["in", folder, "status"] as const,
  rejected: (folder: string) => ["in", folder, "rejected"] as const,
  runs: (folder: string) => ["in", folder, "runs"] as const,
  verdict: (folder: string, table: string) => ["in", folder, "verdict", table] as const,
  chart: (runId: string) => ["chart", runId] as const,
  record: (runId: string) => ["record", runId] as const,
  log: (folder: string) => ["in", folder, "log"] as const,
  plan: (folder: string, table: string) => ["in", folder, "plan", table] as const,
  preview: (folder: string, table: string) => ["in", folder, "preview", table] as const,
  mapping: (folder: string, table: string) => ["in", folder, "mapping", table] as const,
  sizes: (folder: string) => ["in", folder, "sizes"] as const,
  drift: (folder: string) => ["in", folder, "drift"] as const,
  found: (folder: string) => ["in", folder, "found"] as const,
  schedule: (folder: string) => ["in", folder, "schedule"] as const,
};

/** What answers come from: kept until something makes them stale; a failure is shown at once, not tried again in silence. */
export function makeClient(): QueryClient {
  return new Client({
    defaultOptions: {
      queries: {
        retry: false,
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** Version, recent workspaces, keyring. */
export function useApp() {
  const host = useHost();
  return useQuery({ queryKey: keys.app, queryFn: () => host.call("app_start", {}) });
}

/** An open workspace. */
export function useWorkspace(folder: string) {
  const host = useHost();
  return useQuery({ queryKey: keys.workspace(folder), queryFn: () => host.call("workspace_open", { folder }) });
}

/** Its connections, with where their secrets are. */
export function useConnections(folder: string) {
  const host = useHost();
  return useQuery({
    queryKey: keys.connections(folder),
    queryFn: async () => (await host.call("connection_list", { folder })).connections,
  });
}

/** The last check of a connection, where there was one; never asks for one itself. */
export function useLastCheck(folder: string, name: string) {
  return useQuery<CheckView>({ queryKey: keys.check(folder, name), queryFn: skipToken }).data;
}

/** Why the databases of a workspace may not be asked; null where they may. */
export function cannotConnect(workspace: WorkspaceView): string | null {
  if (workspace.problems.length > 0) return "firn.yaml has problems to settle first";
  return workspace.trusted ? null : "this workspace is not trusted yet";
}

/** Whether the databases of a workspace may be asked. */
export function mayConnect(workspace: WorkspaceView | undefined): boolean {
  return !!workspace && cannotConnect(workspace) === null;
}

/** State of its tables, from the state database. */
export function useStatus(folder: string, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: keys.status(folder),
    queryFn: async () => (await host.call("sync_status", { folder })).tables,
    enabled: ask,
    staleTime: 15_000,
  });
}

/** Which rejected rows are looked at. */
export type RejectedFilter = { table: string | null; error: string | null; search: string; resolved: boolean };

/** How many rejected rows come with one answer, and how many are listed at the most. */
const REJECTED_STRETCH = 2000;
export const REJECTED_LIMIT = 10_000;

/** How many rejected rows are open. */
export function useOpenRejected(folder: string, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: [...keys.rejected(folder), "open"],
    queryFn: async () => {
      const all = { table: null, error: null, search: "", resolved: false, skip: 0, limit: 1 };
      return (await host.call("rejected_rows", { folder, ...all })).matching;
    },
    enabled: ask,
    staleTime: 15_000,
  });
}

/** Rejected rows, newest first, stretch after stretch. What was shown stays while others are looked for. */
export function useRejected(folder: string, filter: RejectedFilter, ask: boolean) {
  const host = useHost();
  return useInfiniteQuery({
    queryKey: [...keys.rejected(folder), filter],
    queryFn: ({ pageParam }) =>
      host.call("rejected_rows", { folder, ...filter, skip: pageParam, limit: REJECTED_STRETCH }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const known = pages.reduce((sum, page) => sum + page.rows.length, 0);
      const more = last.rows.length > 0 && known < (pages[0]?.matching ?? 0) && known < REJECTED_LIMIT;
      return more ? known : undefined;
    },
    enabled: ask,
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  });
}

/** One rejected row with its values. */
export function useRejectedRow(folder: string, id: string | null) {
  const host = useHost();
  return useQuery({
    queryKey: [...keys.rejected(folder), "row", id],
    queryFn: () => host.call("rejected_row", { folder, id: id ?? "" }),
    enabled: id !== null,
    gcTime: 60_000,
  });
}

/** What the source says of a table with rejected rows: its columns, and what settles them. */
export function useRemedies(folder: string, table: string | null, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: [...keys.rejected(folder), "remedies", table],
    queryFn: () => host.call("rejected_remedies", { folder, table: table ?? "" }),
    enabled: ask && table !== null,
    staleTime: 60_000,
  });
}

/** Runs on this machine, newest first. */
export function useRuns(folder: string) {
  const host = useHost();
  return useQuery({
    queryKey: keys.runs(folder),
    queryFn: async () => (await host.call("run_history", { folder, table: null, limit: 200, resolved: false })).runs,
  });
}

/** What is kept of a run, or of one of its tables; asked for again when `stage` is another. What was known stays until
 * the answer is there. */
export function useRunRecord(runId: string, table: string | null, stage: string) {
  const host = useHost();
  return useQuery({
    queryKey: [...keys.record(runId), table, stage],
    queryFn: () => host.call("run_record", { run_id: runId, table }),
    placeholderData: keepPreviousData,
    // The newest lines of a run that goes on are heard as they come.
    gcTime: 60_000,
  });
}

/** The dry run of one table. */
export function usePlan(folder: string, table: string | null, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: keys.plan(folder, table ?? ""),
    queryFn: async () => {
      const plan = await host.call("sync_plan", { folder, tables: table ? [table] : [] });
      const found = plan.tables.find((row) => row.source === table);
      if (!found) throw new Error(`the plan holds no line for ${table}`);
      return found;
    },
    enabled: ask && table !== null,
  });
}

/** The moment since which databases must have been asked for an answer to count; null where any will do. */
let askedSince: string | null = null;

/** Lets the next answers about mappings come from the databases, not from what they have said before. */
export function askAfresh(): void {
  askedSince = new Date().toISOString();
}

function mapping(host: Host, folder: string, table: string, document: string | null) {
  return queryOptions({
    queryKey: [...keys.mapping(folder, table), document],
    queryFn: () => host.call("mapping_show", { folder, table, document, not_before: askedSince }),
  });
}

/** A table's mapping as a text of the document has it, the file's own for null. What was shown stays while a further
 * text is asked about. */
export function useMapping(folder: string, table: string, document: string | null, ask: boolean) {
  const host = useHost();
  return useQuery({ ...mapping(host, folder, table, document), enabled: ask, placeholderData: keepPreviousData });
}

/** Asks for a mapping before somebody opens it. */
export function usePrefetchedMapping(folder: string, table: string | null, ask: boolean): void {
  const host = useHost();
  useQuery({ ...mapping(host, folder, table ?? "", null), enabled: ask && table !== null });
}

/** How large the tables of a workspace are in the source. */
export function useSizes(folder: string, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: keys.sizes(folder),
    queryFn: async () => (await host.call("source_sizes", { folder })).tables,
    enabled: ask,
  });
}

/** Rows of a table before and after, those first in which a column fares worst. Values are not kept for long. */
export function usePreview(folder: string, table: string, document: string | null, column: string, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: [...keys.preview(folder, table), column, document],
    queryFn: () => host.call("sync_preview", { folder, table, rows: 20, document, column }),
    enabled: ask,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
}

/** What the source has; asked for only when the person wants it. */
export function useFound(folder: string, ask: boolean) {
  const host = useHost();
  return useQuery({
    queryKey: keys.found(folder),
    queryFn: () => host.call("sync_discover", { folder, schema: null, write: false, tables: [] }),
    enabled: ask,
  });
}

/** What the check of a connection that goes on has found so far; never asks for anything itself. */
export function useFoundSoFar(folder: string, name: string): readonly FindingView[] {
  return useQuery<FindingView[]>({ queryKey: keys.checking(folder, name), queryFn: skipToken }).data ?? [];
}

/** Puts a finding where it belongs among those of a check that goes on. */
export function keepFound(
  client: QueryClient,
  folder: string,
  name: string,
  place: number,
  finding: FindingView,
): void {
  client.setQueryData<FindingView[]>(keys.checking(folder, name), (known = []) =>
    known.toSpliced(Math.min(place, known.length), 0, finding),
  );
}

/** The last comparison of a table with its source in this window; never asks for one itself. */
export function useVerdict(folder: string, table: string) {
  return useQuery<VerifiedTable>({ queryKey: keys.verdict(folder, table), queryFn: skipToken }).data;
}

/** The same of many tables, by the name of their source, each with the moment it came, ISO 8601. */
export function useVerdicts(
  folder: string,
  tables: readonly string[],
): ReadonlyMap<string, { verdict: VerifiedTable; at: string }> {
  return useQueries({
    queries: tables.map((table) => ({ queryKey: keys.verdict(folder, table), queryFn: skipToken })),
    combine: (found) =>
      new Map(
        found.flatMap((one, place): [string, { verdict: VerifiedTable; at: string }][] =>
          one.data
            ? [
                [
                  tables[place] ?? "",
                  { verdict: one.data as VerifiedTable, at: new Date(one.dataUpdatedAt).toISOString() },
                ],
              ]
            : [],
        ),
      ),
  });
}

/** Keeps a comparison, and lets what a repair changes be asked again. */
export function keepVerdict(client: QueryClient, folder: string, verdict: VerifiedTable): void {
  client.setQueryData(keys.verdict(folder, verdict.source), verdict);
  if (verdict.repaired) afterRun(client);
}

/** One changing command. `after` tells the cache what it made stale. What would write into a production connection waits for
 * the person's word; without it nothing is sent. */
export function useCommand<N extends CommandName>(
  name: N,
  after?: (client: QueryClient, answer: Commands[N]["response"], request: Commands[N]["request"]) => void,
) {
  const host = useHost();
  const client = useQueryClient();
  const guard = useGuard();
  const mutation = useMutation({
    mutationKey: [name],
    mutationFn: (request: Commands[N]["request"]) => callOnce(host, name, request),
    onSuccess: (answer, request) => after?.(client, answer, request),
  });
  const allowed = async (request: Commands[N]["request"]) => {
    const workspace =
      "folder" in request ? client.getQueryData<WorkspaceView>(keys.workspace(request.folder)) : undefined;
    const write = guardedWrite(workspace, name, request);
    const asks = client.getQueryData<AppView>(keys.app)?.settings.settings.confirm_production !== false;
    return write === null || !asks || (await guard(write));
  };
  type Request = Commands[N]["request"];
  const mutate = (request: Request, options?: MutateOptions<Commands[N]["response"], Error, Request>) => {
    void allowed(request).then((agreed) => agreed && mutation.mutate(request, options));
  };
  return { ...mutation, mutate };
}

/** Whether a command that a person gave goes on, whichever screen it was given on. */
export function useGoesOn(name: CommandName): boolean {
  return useIsMutating({ mutationKey: [name] }) > 0;
}

/** Calls a command and then takes the secret out of its request, well or not: the cache of commands keeps requests for as
 * long as their screen is open, and longer. */
export async function callOnce<N extends CommandName>(
  host: Host,
  name: N,
  request: Commands[N]["request"],
): Promise<Commands[N]["response"]> {
  try {
    return await host.call(name, request);
  } finally {
    if ("secret" in request) Object.assign(request, { secret: null });
  }
}

/** Keeps a workspace that a command has answered, and lets everything of it that comes from databases be asked again. */
export function keepWorkspace(client: QueryClient, workspace: WorkspaceView): void {
  client.setQueryData(keys.workspace(workspace.folder), workspace);
  client.setQueryData(keys.connections(workspace.folder), workspace.connections);
  for (const what of ["connections", "status", "rejected", "plan", "mapping", "found", "sizes", "drift", "document"])
    void client.invalidateQueries({ queryKey: ["in", workspace.folder, what] });
  void client.invalidateQueries({ queryKey: keys.app });
}

/** A run has ended: rows, cursors, rejected rows and history are others now. */
export function afterRun(client: QueryClient): void {
  askAfresh();
  void client.invalidateQueries({
    predicate: ({ queryKey }) =>
      queryKey[0] === "in" &&
      ["workspace", "status", "rejected", "runs", "log", "plan", "mapping", "drift"].includes(String(queryKey[2])),
  });
}
