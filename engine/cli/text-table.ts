/** Rows of words as lines with columns of equal width, but the last; those whose numbers are listed stand to the right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = Array.from({ length: last }, (_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number): string => {
    if (column === last) return text;
    return right.includes(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  };
  return rows.map((row) => `${row.map(cell).join('  ')}\n`).join('');
}
