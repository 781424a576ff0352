// What went wrong, in words, with what can be done about it.

import { Button, Notice } from '../../ui/ui';
import { advice } from '../api/errors';

interface FailedProps {
  readonly error: unknown;
  /** Offered where trying again may help. */
  readonly retry?: (() => unknown) | undefined;
}

export function Failed({ error, retry }: FailedProps) {
  const { what, todo } = advice(error);
  return (
    <Notice tone="bad" live="alert" title={what}>
      <span class="small">{todo}</span>
      {retry !== undefined && <div class="row"><Button onClick={retry}>Try again</Button></div>}
    </Notice>
  );
}
