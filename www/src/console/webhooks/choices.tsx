// What is looked for among the webhooks: a text, a state, an owner, an event type.

import { SelectField, TextField } from '../../ui/ui';
import { go, href } from '../route';
import type { Route } from '../route';
import type { Dialect } from '../shared/dialects';
import { eventTypes } from '../shared/event-types';
import { wordIn } from '../shared/query';
import { seesAll } from '../shared/rights';
import { SuggestField } from '../shared/suggest-field';
import { usersLike } from '../shared/users';
import type { Choice } from './store';

/** What the URL says is looked for. */
export function choiceOf({ query }: Route): Choice {
  // As it is typed: behind a space that would be taken away there could be no other word.
  const typed = (name: string) => (query.get(name) ?? '').slice(0, 512);
  return { q: typed('q'), state: wordIn(query, 'state', ['enabled', 'disabled']) ?? '', owner: typed('owner'), eventType: typed('event_type') };
}

/** The same as the URL has it. */
export function queryOf({ q, state, owner, eventType }: Choice): Readonly<Record<string, string>> {
  return { q, state, owner, event_type: eventType };
}

interface ChoicesProps {
  readonly dialect: Dialect;
  readonly choice: Choice;
}

export function Choices({ dialect, choice }: ChoicesProps) {
  const choose = (change: Partial<Choice>) => go(href(['webhooks'], queryOf({ ...choice, ...change })), true);
  return (
    <div class="choices" role="search" aria-label="Webhooks">
      <TextField type="search" label="Search" value={choice.q} placeholder="Part of a name or URL" maxLength={512} onInput={(q) => choose({ q })} />
      <SelectField
        label="State"
        value={choice.state}
        options={[['', 'Any'], ['enabled', 'Enabled'], ['disabled', 'Disabled']]}
        onChange={(state) => choose({ state })}
      />
      {dialect !== 'immuta-request' && (
        <SuggestField
          label="Event type"
          value={choice.eventType}
          placeholder="Any"
          suggestions={(eventTypes.data.value ?? []).map(({ name, title }) => [name, title ?? name])}
          onInput={(eventType) => choose({ eventType })}
        />
      )}
      {seesAll() && (
        <SuggestField
          label="Owner"
          value={choice.owner}
          placeholder="Anybody"
          suggestions={usersLike(choice.owner)}
          onInput={(owner) => choose({ owner })}
        />
      )}
    </div>
  );
}
