// What is to sign a webhook's deliveries: a secret that the server makes, one of somebody's own, or none.

import { useId } from 'preact/hooks';

import { Notice, SecretField } from '../../../ui/ui';
import type { SecretChoice } from '../draft';

interface SecretChoiceProps {
  readonly choice: SecretChoice;
  readonly onChange: (choice: SecretChoice) => void;
  readonly error: string | undefined;
  /** Without "none": where a secret takes another's place. */
  readonly required?: boolean;
  readonly legend?: string;
}

const KINDS: readonly (readonly [SecretChoice['kind'], string, string])[] = [
  ['generate', 'Generate one', 'It is shown once, after saving.'],
  ['own', 'Enter your own', 'It is never shown again.'],
  ['none', 'None', 'Deliveries carry no signature: their receiver cannot tell them from anybody else’s.'],
];

export function SecretChoiceField({ choice, onChange, error, required, legend = 'Secret' }: SecretChoiceProps) {
  const id = useId();
  const offered = KINDS.filter(([kind]) => required !== true || kind !== 'none');
  return (
    <fieldset class="field">
      <legend>{legend}</legend>
      {offered.map(([kind, text, hint]) => (
        <label class="check" key={kind}>
          <input type="radio" name={id} checked={choice.kind === kind} aria-describedby={`${id}-${kind}`} onChange={() => onChange({ ...choice, kind })} />
          <span>{text} <span class="small faint" id={`${id}-${kind}`}>{hint}</span></span>
        </label>
      ))}
      {choice.kind === 'own' && <SecretField label="Your secret" value={choice.own} error={error} onInput={(own) => onChange({ ...choice, own })} />}
      {choice.kind === 'none' && <Notice tone="warn"><span class="small">Without a secret nobody can verify what arrives.</span></Notice>}
    </fieldset>
  );
}
