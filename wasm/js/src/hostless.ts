// In place of host.ts where a runtime forbids to look for a host: the module computes everything.

import type * as Host from './host.js';

export const hostTag: typeof Host.hostTag = () => undefined;
