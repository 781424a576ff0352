// Whether what is shown follows what happens.

import { streamState } from './stream';
import type { StreamState } from './stream';

const STREAM: Readonly<Record<StreamState, readonly [tone: string, text: string, hint: string]>> = {
  off: ['', 'Not live', 'What happens is shown when you reload.'],
  connecting: ['warn', 'Connecting…', 'What happens will be shown as it happens.'],
  live: ['good', 'Live', 'What happens is shown as it happens.'],
  reconnecting: ['warn', 'Reconnecting…', 'The connection was lost and is made again by itself.'],
  paused: ['', 'Paused', 'This tab was hidden for long; it goes on when it is seen.'],
};

export function Live() {
  const [tone, text, hint] = STREAM[streamState.value];
  return <span class={`badge live ${tone}`} role="status" title={hint}><span class="live-dot" aria-hidden="true" />{text}</span>;
}
