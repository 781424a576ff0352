// How much the page holds and shows.

/** How much of a text is shown, in characters: nobody reads more, and a browser takes its time over it. */
export const SHOWN = 20_000;

/** The longest body that is put into a text field, in bytes: a browser takes seconds to lay out a longer one. */
export const EDITABLE = 256 * 1024;
