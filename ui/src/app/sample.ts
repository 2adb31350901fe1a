import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keepWorkspace } from "../data/queries";
import { type AppView, useHost, type WorkspaceView } from "../host";

/** Opens the sample workspace, which is made the first time. */
export function useOpenSample(onOpen: (folder: string) => void) {
  const host = useHost();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ sample_folder, recent }: AppView): Promise<WorkspaceView> => {
      const open = () => host.call("workspace_open", { folder: sample_folder });
      if (recent.some((known) => known.folder === sample_folder && known.present)) return open();
      // It may be there and forgotten: then it cannot be made, but opened. Where neither goes, the first reason counts.
      return host.call("workspace_create", { folder: sample_folder, sample: true }).catch((reason: unknown) =>
        open().catch(() => {
          throw reason;
        }),
      );
    },
    onSuccess: (workspace) => {
      keepWorkspace(client, workspace);
      onOpen(workspace.folder);
    },
  });
}
