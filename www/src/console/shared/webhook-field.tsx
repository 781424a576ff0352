// The choice of a webhook, by its name.

import { useComputed } from '@preact/signals';

import { SelectField } from '../../ui/ui';
import { useKept } from './kept';
import { nameById, nameOf, webhooks } from './webhooks';

/** The longest name in the list: it would be as wide as its longest one. */
const LONGEST = 60;

interface Props {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What no webhook is called here. */
  readonly none: string;
  readonly error?: string | undefined;
}

export function WebhookField({ value, onChange, none, error }: Props) {
  useKept(webhooks);
  // There may be thousands: they are sorted once.
  const named = useComputed(() => {
    const there = [...(webhooks.data.value?.values() ?? [])].filter(({ deleted }) => deleted !== true);
    return there.map((webhook) => [webhook.id, short(nameOf(webhook))] as const).sort(([, a], [, b]) => collator.compare(a, b));
  });
  // One that was deleted, or is not loaded yet, stays chosen.
  const chosen = value === '' || named.value.some(([id]) => id === value) ? [] : [[value, nameById(value)] as const];
  return <SelectField label="Webhook" value={value} options={[['', none], ...chosen, ...named.value]} onChange={onChange} error={error} />;
}

const collator = new Intl.Collator();

const short = (name: string) => (name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name);
