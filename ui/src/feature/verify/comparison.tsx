import type { ReactNode } from "react";
import { cannotConnect, keepVerdict, useCommand, useGoesOn } from "../../data/queries";
import { goesOn } from "../../data/run";
import { useLatestRun, useOpenWorkspace, useRunOf } from "../../data/workspace";
import { errorView, type RunView } from "../../host";
import { State, Trouble } from "../../kit";

/** Most differing keys a table that come with the answer; all are counted. */
const LISTED = 1000;

/**
 * Compares tables and follows the comparison that goes on: that of one table, or of whichever where `of` is null. One that was
 * begun before its screen was left goes on when the person is back.
 */
export function useComparison(of: string | null) {
  const { workspace, feed } = useOpenWorkspace();
  const folder = workspace.folder;
  const verify = useCommand("sync_verify", (client, answer, request) => {
    for (const one of answer.tables) keepVerdict(client, request.folder, one);
  });
  const cancel = useCommand("sync_cancel");
  const anywhere = useGoesOn("sync_verify");
  const ofTable = useRunOf(feed, of ?? "", anywhere && of !== null);
  const latest = useLatestRun(feed, folder);
  const follow = of === null ? latest : ofTable;
  const view = anywhere && follow?.view && goesOn(follow.view.status) ? follow.view : null;
  const pending = of === null ? anywhere : verify.isPending || view !== null;
  const runId = view?.run_id ?? null;
  return {
    compare: (tables: readonly string[], repair: boolean) =>
      verify.mutate({ folder, tables: [...tables], repair, limit: LISTED }),
    /** Whether it goes on, and how far it is once that is known. */
    pending,
    view,
    /** Why none can be begun now. */
    cannot: cannotConnect(workspace) ?? (anywhere ? "a comparison goes on" : null),
    cancel: () => runId !== null && cancel.mutate({ run_id: runId }),
    cannotCancel: !pending
      ? "nothing goes on"
      : runId === null
        ? "it is beginning"
        : cancel.isPending
          ? "one moment"
          : null,
    /** Why nothing was compared by the one that ended last. */
    failed: pending ? null : (verify.data?.error ?? null),
    refused: verify.isError ? errorView(verify.error) : null,
    notCancelled: cancel.isError ? errorView(cancel.error) : null,
  };
}

type Comparison = ReturnType<typeof useComparison>;

/** How far a comparison is, and what kept it from being one. */
export function ComparisonStrip({ of, far }: { of: Comparison; far: (view: RunView | null) => ReactNode }) {
  return (
    <>
      {of.pending && (
        <div className="going" role="status">
          <State tone="running">{far(of.view)}</State>
        </div>
      )}
      {of.refused && <Trouble error={of.refused} title={<b>Nothing was compared</b>} />}
      {of.failed && <Trouble error={of.failed} title={<b>Nothing was compared</b>} />}
      {of.notCancelled && <Trouble error={of.notCancelled} title={<b>It was not cancelled</b>} />}
    </>
  );
}
