// What is read of what somebody pastes or drops.

/** The longest input, in bytes. */
export const LONGEST = 32 << 20;
/** The most requests of a HAR file. */
export const ENTRIES = 10_000;
/** The most headers of a request. */
export const HEADERS = 1000;
