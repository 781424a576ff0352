// Chooses event types: a list of boxes to tick, which can be searched. From the search, the arrow keys go into the list
// and through it; Tab goes past it.

import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import type { TargetedKeyboardEvent } from 'preact';

import type { EventType } from '../../../generated/api';
import { Badge, Button, Spinner } from '../../../ui/ui';
import { eventTypes } from '../../shared/event-types';
import { Failed } from '../../shared/failed';
import { grouped, isWildcard, withChosen } from '../event-types';

interface TypePickerProps {
  readonly label: string;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  /** What does not go with the rest of the form, about a type. */
  readonly unfit?: (type: EventType) => string | undefined;
}

export function TypePicker({ label, chosen, onChange, hint, error, unfit }: TypePickerProps) {
  const id = useId();
  const search = useSignal('');
  const onlyChosen = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const known = eventTypes.data.value;
  if (known === undefined) {
    return eventTypes.error.value === undefined ? <Spinner label="Loading event types…" /> : <Failed error={eventTypes.error.value} retry={eventTypes.read} />;
  }
  const all = withChosen(known, chosen);
  const offered = onlyChosen.value ? all.filter(({ name }) => chosen.includes(name)) : all;
  const groups = grouped(offered, search.value);
  const everything = chosen.find(isWildcard);
  return (
    <fieldset class="field" aria-describedby={error === undefined ? `${id}-state` : `${id}-state ${id}-error`} data-field="eventTypes">
      <legend>{label}</legend>
      {hint !== undefined && <div class="hint">{hint}</div>}
      <div class="type-picker" ref={box} onKeyDown={(event) => moved(event, box.current)}>
        <input
          type="search"
          class="input"
          aria-label={`Search ${label.toLowerCase()}`}
          placeholder="Search"
          value={search.value}
          autocomplete="off"
          onInput={({ currentTarget }) => (search.value = currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
        <div class="type-list">
          {groups.map(({ category, types }, group) => (
            <div key={category} role="group" aria-label={category} class="stack tight">
              <div class="type-category">{category}</div>
              {types.map((type, index) => (
                <Type
                  key={type.name}
                  type={type}
                  first={group === 0 && index === 0}
                  checked={chosen.includes(type.name)}
                  implied={everything !== undefined && everything !== type.name}
                  unfit={unfit?.(type)}
                  onChange={(checked) => onChange(checked ? [...chosen, type.name] : chosen.filter((name) => name !== type.name))}
                />
              ))}
            </div>
          ))}
          {groups.length === 0 && <p class="faint">{onlyChosen.value && chosen.length === 0 ? 'None is chosen yet.' : 'No event type is like that. Search for another word.'}</p>}
        </div>
      </div>
      <div class="row">
        <span class="small faint" id={`${id}-state`} role="status">{everything === undefined ? `${chosen.length} of ${all.length} chosen` : 'Every type is chosen'}</span>
        <Button kind="quiet" pressed={onlyChosen.value} onClick={() => (onlyChosen.value = !onlyChosen.value)}>Only chosen ones</Button>
        {chosen.length > 0 && <Button kind="quiet" onClick={() => onChange([])}>Choose none</Button>}
      </div>
      {error !== undefined && <div class="error" id={`${id}-error`} role="alert">{error}</div>}
    </fieldset>
  );
}

interface TypeProps {
  readonly type: EventType;
  /** Where Tab enters the list. */
  readonly first: boolean;
  readonly checked: boolean;
  /** Another choice stands for it as well. */
  readonly implied: boolean;
  readonly unfit: string | undefined;
  readonly onChange: (checked: boolean) => void;
}

function Type({ type: { name, title, description, levels }, first, checked, implied, unfit, onChange }: TypeProps) {
  const id = useId();
  return (
    <label class="check type">
      <input
        type="checkbox"
        tabIndex={first ? 0 : -1}
        checked={checked}
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-about`}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      <span class="stack type-about">
        <span class="row">
          <span id={`${id}-title`} class="break">{title ?? name}</span>
          {levels?.length === 1 && <Badge>{levels[0]} level only</Badge>}
          {implied && <Badge tone="accent">included</Badge>}
          {checked && unfit !== undefined && <Badge tone="warn">{unfit}</Badge>}
        </span>
        <span id={`${id}-about`} class="small faint break">
          {title !== null && <span class="mono">{name}</span>}{description !== null && <span> {description}</span>}
        </span>
      </span>
    </label>
  );
}

/** Arrow keys, Home and End among the boxes; up from the first is the search again. */
function moved(event: TargetedKeyboardEvent<HTMLElement>, box: HTMLElement | null): void {
  const step = new Map([['ArrowDown', 1], ['ArrowUp', -1]]).get(event.key);
  const searching = event.target instanceof HTMLInputElement && event.target.type === 'search';
  if (box === null || (step === undefined && (searching || (event.key !== 'Home' && event.key !== 'End')))) return;
  const all = [...box.querySelectorAll<HTMLInputElement>('input')];
  const at = all.findIndex((input) => input === document.activeElement);
  const to = step !== undefined ? at + step : event.key === 'Home' ? 1 : all.length - 1;
  event.preventDefault();
  all[to]?.focus();
}
