/** Sizes that more than one kind of view goes by. */

/** Narrower than that, the page shows one window at a time, and panes above each other instead of side by side. */
export const narrowPage = matchMedia("(max-width: 699px)");

/** How high rows of lists are, which follows the size of letters. */
export const usualFontSize = 14;
const lineHeight = 24 / usualFontSize;

export let rowHeight = 24;

/** Rows are for letters of that size from now on; answers how high they are. */
export function setRowHeightFor(fontSize: number): number {
  rowHeight = Math.round(fontSize * lineHeight);
  return rowHeight;
}
