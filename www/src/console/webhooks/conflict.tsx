// Somebody else has changed a webhook while it was being changed here: what it is now, next to what was entered.

import { Button, Notice } from '../../ui/ui';
import type { Dialect } from '../shared/dialects';
import { FIELDS, LABELS, inWords, same } from './draft';
import type { Draft, FieldName } from './draft';

export interface Conflict {
  /** What it was when it was begun to be changed here. */
  readonly before: Draft;
  /** What it has become meanwhile. */
  readonly now: Draft;
  /** The fields that were changed here. */
  readonly mine: readonly FieldName[];
}

interface ConflictProps {
  readonly dialect: Dialect;
  readonly conflict: Conflict;
  readonly entered: Draft;
  readonly onDiscard: () => void;
}

export function ConflictNotice({ dialect, conflict: { before, now, mine }, entered, onDiscard }: ConflictProps) {
  const theirs = FIELDS[dialect].filter((field) => !same(field, before, now));
  const rows = FIELDS[dialect].filter((field) => theirs.includes(field) || mine.includes(field));
  return (
    <Notice tone="warn" title="Somebody has changed this webhook meanwhile" live="alert">
      <span>
        {theirs.length === 0
          ? 'Its fields are as they were, so nothing of theirs is in the way.'
          : 'What you did not touch is shown as it is now. What you entered is still there.'}
        {' '}Save again to put it in place of what it is now, or take what it is now.
      </span>
      <div class="table-scroll">
        <table class="table conflict">
          <thead><tr><th scope="col">Field</th><th scope="col">It is now</th><th scope="col">You entered</th></tr></thead>
          <tbody>
            {rows.map((field) => (
              <tr key={field}>
                <th scope="row">{LABELS[field]}</th>
                <td class="break"><bdi>{inWords(field, now)}</bdi>{theirs.includes(field) && <span class="small faint"> (was <bdi>{inWords(field, before)}</bdi>)</span>}</td>
                <td class="break">{mine.includes(field) ? inWords(field, entered) : <span class="faint">nothing</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="row"><Button onClick={onDiscard}>Take what it is now</Button></div>
    </Notice>
  );
}
