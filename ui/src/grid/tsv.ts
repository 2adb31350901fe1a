// Cells as text for a spreadsheet or an editor: columns by tabs, rows by line ends. Pure.

/** Writes one value. NULL is nothing at all, an empty text is `""`; a text with tabs, line ends or quotes is quoted. */
export function tsvCell(value: string | null): string {
  if (value === null) return "";
  if (value === "" || /["\t\n\r]/.test(value)) return `"${value.replaceAll('"', '""')}"`;
  return value;
}

/** Writes rows of values. One value alone is written as it is. */
export function tsv(rows: readonly (readonly (string | null)[])[]): string {
  const only = rows.length === 1 && rows[0]?.length === 1 ? rows[0][0] : undefined;
  if (only !== undefined) return only ?? "";
  return rows.map((row) => row.map(tsvCell).join("\t")).join("\n");
}
