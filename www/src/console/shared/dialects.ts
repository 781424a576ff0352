// The systems whose webhooks this console knows.

import type { ShownProfile } from '../../generated/api';

export type Dialect = ShownProfile['dialect'];

export const DIALECTS: readonly Dialect[] = ['native', 'immuta', 'immuta-request', 'generic', 'qlik'];

/** The one of this name; nothing if the server has become newer than this page. */
export const dialectOf = (name: string | undefined): Dialect | undefined => DIALECTS.find((known) => known === name);
