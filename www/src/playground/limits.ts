// How much the page holds and shows.

/** How much of a text is shown, in characters: nobody reads more, and a browser takes its time over it. */
export const SHOWN = 20_000;
