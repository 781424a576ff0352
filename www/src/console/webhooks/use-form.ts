// What goes on in a form about a webhook: what is entered, what is wrong with it, what the server says of it.

import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

import type { Dialect } from '../shared/dialects';
import { useHold } from '../shared/leaving';
import { ENTERED } from '../shared/unsaved';
import { refusedField } from './bodies';
import { check } from './check';
import { FIELDS, changedFields } from './draft';
import type { Draft, Errors } from './draft';

export interface Form {
  readonly draft: Signal<Draft>;
  /** What it began as. */
  readonly start: Signal<Draft>;
  readonly errors: Signal<Errors>;
  /** What went wrong that is about no field. */
  readonly trouble: Signal<unknown>;
  readonly busy: Signal<boolean>;
  readonly element: RefObject<HTMLFormElement | null>;
  readonly dirty: boolean;
  readonly change: (change: Partial<Draft>) => void;
  /** Whether it can be sent. If not, what is wrong stands at the fields, and the first of them has the focus. */
  readonly isValid: () => boolean;
  /** What the server did not take, at its field if it has one. */
  readonly refused: (error: unknown) => void;
}

/** `from`: the url that stored encrypted headers are for. */
export function useForm(dialect: Dialect, initial: Draft, from?: string): Form {
  const draft = useSignal(initial);
  const start = useSignal(initial);
  const errors = useSignal<Errors>({});
  const trouble = useSignal<unknown>(undefined);
  const busy = useSignal(false);
  const focusing = useRef(false);
  const element = useRef<HTMLFormElement>(null);
  const isDirty = () => changedFields(dialect, start.value, draft.value).length > 0;
  useHold(ENTERED, isDirty);
  useEffect(() => {
    if (!focusing.current) return;
    focusing.current = false;
    firstWrong(element.current)?.focus();
  });
  const say = (wrong: Errors) => {
    errors.value = wrong;
    focusing.current = true;
  };
  return {
    draft,
    start,
    errors,
    trouble,
    busy,
    element,
    dirty: isDirty(),
    change: (change) => {
      draft.value = { ...draft.peek(), ...change };
      const changed = Object.keys(change);
      errors.value = Object.fromEntries(Object.entries(errors.peek()).filter(([field]) => !changed.includes(field)));
    },
    isValid: () => {
      trouble.value = undefined;
      const wrong = check(dialect, draft.peek(), from);
      say(wrong);
      return Object.keys(wrong).length === 0;
    },
    refused: (error) => {
      const field = refusedField(error, [...FIELDS[dialect], 'secret']);
      trouble.value = field === undefined ? error : undefined;
      say(field === undefined ? {} : { [field.field]: field.message });
    },
  };
}

function firstWrong(form: HTMLElement | null): HTMLElement | null {
  const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"], .field > .error');
  if (wrong === undefined || wrong === null || wrong.matches('input, select, textarea')) return wrong ?? null;
  return wrong.closest('.field')?.querySelector<HTMLElement>('input, select, textarea, button') ?? null;
}
