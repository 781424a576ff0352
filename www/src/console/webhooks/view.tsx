// The webhooks: the list, and over it one of them, or a new one.
//
//   #/webhooks?q=orders&state=enabled    what is looked for
//   #/webhooks/ID                        one of them
//   #/webhooks/new                       a new one

import './webhooks.css';

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { Notice } from '../../ui/ui';
import { Live } from '../live/badge';
import { go, href, route } from '../route';
import { eventTypes } from '../shared/event-types';
import { useKept } from '../shared/kept';
import { dialect, place } from '../shared/place';
import { mayChange } from '../shared/rights';
import { users } from '../shared/users';
import { choiceOf, Choices, queryOf } from './choices';
import { Create } from './create';
import { List } from './list';
import { Sheet } from './sheet';
import { followed, forget, readFirst } from './store';
import { TestAll } from './test-all';

/** How long whoever types has to pause before what was typed is looked for. */
const PAUSE = 250;

export function WebhooksView() {
  const choice = choiceOf(route.value);
  const query = queryOf(choice);
  const testing = useSignal(false);
  const [, opened] = route.value.path;
  const read = useRef('');
  useKept(eventTypes, users);
  useEffect(() => forget, [place.value]);
  useEffect(followed, []);
  useEffect(() => {
    const first = read.current !== place.value;
    read.current = place.value;
    const timer = setTimeout(() => void readFirst(choice), first ? 0 : PAUSE);
    return () => clearTimeout(timer);
  }, [place.value, JSON.stringify(choice)]);
  useReturn(opened);
  const speaks = dialect.value;
  const close = () => go(href(['webhooks'], query));
  // Another system than those that this page knows has webhooks that it does not know.
  if (speaks === undefined) return <Notice tone="warn" title="This console does not know the tenant’s system"><span>It is older than the server. Reload the page.</span></Notice>;
  return (
    <div class="stack">
      <div class="view-head">
        <h1>Webhooks</h1>
        <Live />
        {mayChange() && <a class="button primary" href={href(['webhooks', 'new'], query)}>New webhook</a>}
      </div>
      {!mayChange() && <Notice><span class="small">As an operator you may look at webhooks and delete them; the tenant’s users create and change them.</span></Notice>}
      <Choices dialect={speaks} choice={choice} />
      <List dialect={speaks} choice={choice} query={query} onTestAll={() => (testing.value = true)} />
      {opened === 'new' && mayChange() && <Create dialect={speaks} onClose={close} onCreated={({ id }) => go(href(['webhooks', id], query))} />}
      {opened !== undefined && opened !== 'new' && <Sheet key={opened} id={opened} onClose={close} />}
      {testing.value && <TestAll onClose={() => (testing.value = false)} />}
    </div>
  );
}

/** Whoever closes a webhook's sheet is back at its line in the list. */
function useReturn(opened: string | undefined): void {
  const before = useRef(opened);
  useEffect(() => {
    const { current } = before;
    before.current = opened;
    if (opened !== undefined || current === undefined) return undefined;
    // Once the console has put the focus at the top of the page, as it does wherever somebody goes.
    const later = setTimeout(() => document.getElementById(`webhook-${current}`)?.focus(), 50);
    return () => clearTimeout(later);
  }, [opened]);
}
