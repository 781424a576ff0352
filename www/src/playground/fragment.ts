// What is known of links before there is one. What makes and reads them is loaded when it is wanted: most people who open
// the page neither come with a link nor make one.

/** Whether a fragment is one that `decode` is for. */
export const isShared = (fragment: string): boolean => /^#?v\d+[a-z]*\./.test(fragment);

/** `encode` and `decode`. */
export const loadShare = (): Promise<typeof import('./share')> =>
  import('./share').catch((cause: unknown) => {
    throw new Error('What makes and reads links did not load: check that you are online, and try again.', { cause });
  });
