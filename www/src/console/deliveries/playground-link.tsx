// The link that opens the playground with what an attempt sent.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Attempt, AttemptBody } from '../../generated/api';
import { me } from '../api/session';
import { playgroundLink } from './playground';

/** The longest address that is made: browsers take no more. */
const LONGEST = 1_500_000;

export function PlaygroundLink({ attempt, body }: { readonly attempt: Attempt; readonly body: AttemptBody }) {
  const link = useSignal<string | undefined>(undefined);
  const dialect = me.value?.tenant?.dialect;
  useEffect(() => {
    let wanted = true;
    playgroundLink(attempt, body, dialect).then(
      (made) => wanted && (link.value = made.length > LONGEST ? undefined : made),
      () => undefined,
    );
    return () => void (wanted = false);
  }, [attempt, body, dialect]);
  if (link.value === undefined) return null;
  return (
    <div class="row">
      <a class="button" href={link.value} target="_blank" rel="noreferrer">Open in the playground ↗</a>
      <span class="faint small">Without the secret, which you enter there.</span>
    </div>
  );
}
