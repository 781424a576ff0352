// The link that opens the playground with what an attempt sent; or why there is none, and what to do instead.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Attempt, AttemptBody } from '../../generated/api';
import { Button, Notice } from '../../ui/ui';
import { me } from '../api/session';
import { playgroundLink } from './playground';

type Made = { readonly link: string } | 'too long' | 'failed' | undefined;

export function PlaygroundLink({ attempt, body }: { readonly attempt: Attempt; readonly body: AttemptBody }) {
  const made = useSignal<Made>(undefined);
  const tries = useSignal(0);
  const dialect = me.value?.tenant?.dialect;
  useEffect(() => {
    let wanted = true;
    made.value = undefined;
    playgroundLink(attempt, body, dialect).then(
      (link) => wanted && (made.value = { link }),
      // What makes links says so of what is too long for one; else it is not here.
      (error: unknown) => wanted && (made.value = error instanceof Error && error.name === 'ShareError' ? 'too long' : 'failed'),
    );
    return () => void (wanted = false);
  }, [attempt, body, dialect, tries.value]);
  if (made.value === undefined) return null;
  if (made.value === 'too long') return <TooLong />;
  if (made.value === 'failed') return <NotMade onRetry={() => (tries.value += 1)} />;
  return (
    <div class="row">
      <a class="button" href={made.value.link} target="_blank" rel="noreferrer">Open in the playground ↗</a>
      <span class="faint small">Without the secret, which you enter there.</span>
    </div>
  );
}

function TooLong() {
  return (
    <Notice title="This request is too long for a link to the playground">
      <span class="small">
        Browsers take no longer address. <a href="./" target="_blank" rel="noreferrer">Open the playground ↗</a> as it is, copy the headers and the body from
        here, and paste them there.
      </span>
    </Notice>
  );
}

function NotMade({ onRetry }: { readonly onRetry: () => void }) {
  return (
    <Notice tone="bad" title="The link to the playground could not be made">
      <span class="small">The server does not answer, or has a newer console by now. Try again; if that does not help, reload the page.</span>
      <div class="row"><Button onClick={onRetry}>Try again</Button></div>
    </Notice>
  );
}
