/** What a page is made of, as the API tells it, and its tables as CSV. Nothing here draws. */

/**
 * @typedef {import('./reading.js').Polygon} Polygon
 * @typedef {{text: string, polygon: Polygon}} Placed
 * @typedef {{kind: string, polygon: Polygon, confidence: number, lines: number[]}} Region
 * @typedef {{row: number, column: number, row_span: number, column_span: number, is_header: boolean, text: string, polygon: Polygon}} Cell
 * @typedef {{polygon: Polygon, confidence: number, rows: number, columns: number, continues: boolean, cells: Cell[]}} Table
 * @typedef {{name?: string | null, label: Placed | null, value: Placed | null, type: string, normalized?: string | null, confidence: number}} Field
 * @typedef {{kind: string, is_set: boolean, name?: string | null, label: Placed | null, polygon: Polygon, confidence: number}} Mark
 * @typedef {{type: string, text: string, polygon: Polygon}} Code
 */
/** A part is there only if it was asked for. @typedef {{regions?: Region[], tables?: Table[], fields?: Field[], marks?: Mark[], codes?: Code[]}} Structure */

/** The values of the option `structure`. */
export const PARTS = /** @type {const} */ (['layout', 'tables', 'fields', 'marks', 'codes']);

/** What begins a formula of a spreadsheet, in full width too. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/**
 * A table as CSV (RFC 4180). A cell that spans several places has its text in the first.
 * @param {Table} table
 * @param {boolean} safe Whether an apostrophe stands before what a spreadsheet takes for a formula.
 */
export function csv(table, safe) {
  const rows = Array.from({ length: table.rows }, () => Array.from({ length: table.columns }, () => ''));
  for (const { row, column, text } of table.cells) {
    const texts = rows[row];
    if (texts) texts[column] = safe && FORMULA.test(text) ? `'${text}` : text;
  }
  const quoted = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}
