// Texts to take along.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Button } from './button';
import { copy } from './clipboard';

/** How long it says what came of it. */
const SAID = 3_000;

interface CopyButtonProps {
  readonly text: string;
  readonly label?: string;
  /** What it is called where its label alone does not say what it copies. */
  readonly name?: string | undefined;
  readonly onCopied?: (() => void) | undefined;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, label = 'Copy', name, onCopied }: CopyButtonProps) {
  const outcome = useSignal<'' | 'Copied' | 'Not copied: select it and press Ctrl+C'>('');
  useEffect(() => {
    if (outcome.value === '') return undefined;
    const timer = setTimeout(() => (outcome.value = ''), SAID);
    return () => clearTimeout(timer);
  }, [outcome.value]);
  const take = async () => {
    const worked = await copy(text);
    outcome.value = worked ? 'Copied' : 'Not copied: select it and press Ctrl+C';
    if (worked) onCopied?.();
  };
  return (
    <>
      <Button label={name} onClick={take}>{label}</Button>
      <span class="small faint" role="status">{outcome.value}</span>
    </>
  );
}

interface CodeProps {
  readonly text: string;
  readonly label: string;
  readonly wrap?: boolean;
  /** Told when it was copied, by the button or in any other way. */
  readonly onCopied?: () => void;
}

/** A text that is shown as it is, with a button that copies it. */
export function Code({ text, label, wrap, onCopied }: CodeProps) {
  return (
    <div class="stack tight">
      <pre class={wrap === true ? 'code wrap' : 'code'} tabIndex={0} role="region" aria-label={label} onCopy={onCopied}><code>{text}</code></pre>
      <div class="row"><CopyButton text={text} name={`Copy: ${label}`} onCopied={onCopied} /></div>
    </div>
  );
}
