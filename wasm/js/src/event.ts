// What the payloads of the schemes are.

import type { PresetName, Scheme } from './scheme.js';

/** The events of the schemes whose senders are known, by the scheme's name. */
export interface Events {}

/** The event of a scheme; `unknown` where nothing is known of it. */
export type EventOf<Given extends PresetName | Scheme> = Given extends keyof Events ? Events[Given] : unknown;
