/** One row of the command list. */
export type CommandRow = { access: string; name: string; request: string; response: string };
export const commandsFile: URL;
export const wireFile: URL;
export function commandRows(text?: string): CommandRow[];
export function commandsSource(rows?: CommandRow[]): string;
export function wireSource(files?: string[]): string;
