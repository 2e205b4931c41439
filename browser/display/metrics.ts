/** How high rows of lists are, which follows the size of letters. */
export const usualFontSize = 14;
const lineHeight = 24 / usualFontSize;

export let rowHeight = 24;

/** Rows are for letters of that size from now on; answers how high they are. */
export function setRowHeightFor(fontSize: number): number {
  rowHeight = Math.round(fontSize * lineHeight);
  return rowHeight;
}
