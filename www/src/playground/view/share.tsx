// Links to what somebody looks at: made on demand, shown with what they hold and what they leave out. A link that would
// give a secret away is not made.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Button, Code, Dialog, Notice, Spinner } from '../../ui/ui';
import { encode, omitted } from '../share';
import type { Shared } from '../share';
import { ask } from '../worker/bridge';
import { canonical, choice, fresh, given, messageId, mode, now, problem, request, required, scheme, secondsOf, toleranceChosen } from './state';

type Made = { readonly kind: 'making' } | { readonly kind: 'made'; readonly link: string; readonly left: readonly string[] } | { readonly kind: 'not'; readonly why: string };

export function ShareButton() {
  const open = useSignal(false);
  return (
    <>
      <Button onClick={() => (open.value = true)}>Share…</Button>
      {open.value && <ShareDialog onClose={() => (open.value = false)} />}
    </>
  );
}

function ShareDialog({ onClose }: { readonly onClose: () => void }) {
  const made = useSignal<Made>({ kind: 'making' });
  useEffect(() => {
    void make().then((outcome) => (made.value = outcome), (error: unknown) => (made.value = { kind: 'not', why: String(error instanceof Error ? error.message : error) }));
  }, []);
  const { value } = made;
  return (
    <Dialog title="Share what you look at" onClose={onClose}>
      {value.kind === 'making' && <Spinner label="Making the link…" />}
      {value.kind === 'not' && <Notice tone="bad" live="alert" title="There is no link"><p>{value.why}</p></Notice>}
      {value.kind === 'made' && (
        <>
          <p>The link holds the scheme, the headers and the body, and <strong>not the secret</strong>: whoever opens it enters that. It stands behind the #, which no server is sent.</p>
          <Code text={value.link} label="The link" wrap />
          {value.left.length > 0 && <Notice tone="warn"><p>Left out, since they look like credentials: {value.left.join(', ')}.</p></Notice>}
        </>
      )}
    </Dialog>
  );
}

async function make(): Promise<Made> {
  if (problem.value !== undefined) return { kind: 'not', why: `${problem.value} Mend that first.` };
  const shared = sharedNow();
  if (await ask('leaks', { shared, secrets: given.value })) {
    return { kind: 'not', why: 'The secret stands in the headers or the body: whoever had the link would have it. Take it out there, and take care whom you sent this request to.' };
  }
  const fragment = await encode(shared);
  return { kind: 'made', link: `${location.href.split('#', 1)[0]}${fragment}`, left: omitted(shared) };
}

/** What is shared: there is no place for a secret in it. */
function sharedNow(): Shared {
  const seconds = secondsOf(now.value);
  const chosen = choice.value === 'auto' ? undefined : scheme.value;
  const age = toleranceChosen.value;
  return {
    mode: mode.value,
    ...(chosen === undefined ? {} : { scheme: chosen }),
    request: request.value,
    options: {
      ...(seconds === undefined || mode.value === 'sign' ? {} : { now: seconds * 1000 }),
      ...(age === undefined ? {} : { tolerance: age }),
      ...(canonical.value ? { body: 'canonical' as const } : {}),
      ...(required.value ? { standardWebhooks: 'required' as const } : {}),
      // Whoever opens it gets the same signature.
      ...(mode.value === 'sign' ? { id: messageId.value || fresh.value.id, timestamp: seconds ?? fresh.value.timestamp } : {}),
    },
  };
}
