// Replays: what a webhook missed, sent again. First it is counted, then asked about, then watched. The stream tells of none
// that others begin, so they are looked for while somebody looks.

import { useSignal } from '@preact/signals';

import './replays.css';

import type { Replay } from '../../generated/api';
import { Button, Empty } from '../../ui/ui';
import { answered, api } from '../api/client';
import { useKept } from '../shared/kept';
import { List } from '../shared/list';
import { usePages } from '../shared/load';
import { useLooking } from '../shared/looking';
import { webhooks } from '../shared/webhooks';
import { ReplayForm } from './form';
import { ReplayCard } from './replay';

export function ReplaysView() {
  useKept(webhooks);
  const begun = useSignal<Replay | undefined>(undefined);
  const pages = usePages<Replay>('replays', page);
  useLooking(async (signal) => {
    const first = await page(undefined, signal);
    pages.update((shown) => {
      const newer = first.items.filter(({ id }) => shown.items.every((one) => one.id !== id));
      // If all are, there may be more between them and what is shown.
      return newer.length === first.items.length ? first : { ...shown, items: [...newer, ...shown.items] };
    });
  });
  const start = (replay: Replay) => {
    begun.value = replay;
    if (pages.data === undefined) pages.reload();
    else pages.update((shown) => ({ ...shown, items: [replay, ...shown.items] }));
  };
  return (
    <div class="stack">
      <div class="view-head">
        <h1>Replays</h1>
        <Button busy={pages.loading} onClick={pages.reload}>Reload</Button>
      </div>
      <p class="faint">Sends again what a webhook missed: the same bytes with the same <code>webhook-id</code>, from the oldest on, behind what is new.</p>
      <ReplayForm onBegun={start} />
      <h2>Earlier replays</h2>
      <List
        pages={pages}
        what="replays"
        empty={<Empty title="Nothing was replayed yet"><p class="small">Choose a webhook above and count what it missed.</p></Empty>}
      >
        {(replays) => (
          <ul class="replays">
            {replays.map((replay) => <li key={replay.id}><ReplayCard first={replay} focus={replay.id === begun.value?.id} /></li>)}
          </ul>
        )}
      </List>
    </div>
  );
}

async function page(cursor: string | undefined, signal: AbortSignal) {
  const query = { limit: 20, ...(cursor !== undefined && { cursor }) };
  const { replays, next } = await answered(api.GET('/v1/replays', { params: { query }, signal }));
  return { items: replays, next };
}
