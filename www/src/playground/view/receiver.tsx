// The receiver's program for the scheme at hand, in somebody's framework.

import { useSignal } from '@preact/signals';

import { Check, Code, Tabs } from '../../ui/ui';
import { receiver, targets } from '../generate/receiver';
import type { Target } from '../generate/receiver';
import { signsTime, whole } from './schemes';
import { canonical, required, scheme, toleranceChosen } from './state';

/** `Object.entries` forgets that the names are these. */
const TARGETS = Object.entries(targets) as readonly (readonly [Target, string])[];

export function Receiver() {
  const target = useSignal<Target>('express');
  const chosen = scheme.value;
  if (chosen === undefined) return null;
  const signsAll = whole(chosen).signed?.includes('id') === true && signsTime(chosen);
  const tolerance = signsTime(chosen) ? toleranceChosen.value : undefined;
  const { file, code, install, run } = receiver(target.value, chosen, {
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(canonical.value ? { body: 'canonical' as const } : {}),
    ...(required.value && !signsAll ? { standardWebhooks: 'required' as const } : {}),
  });
  return (
    <section class="stack" aria-labelledby="receiver">
      <h2 id="receiver">A receiver that verifies it</h2>
      {!signsAll && (
        <Check
          label="Require Standard Webhooks headers too"
          hint="This scheme cannot tell a replay. sigpost’s server sends these headers with every delivery; they sign an id and a time."
          checked={required.value}
          onChange={(checked) => (required.value = checked)}
        />
      )}
      <Tabs label="Framework" tabs={TARGETS} selected={target.value} onSelect={(name) => (target.value = name)}>
        <p class="mono small">{file}</p>
        <Code text={code} label={`The receiver, ${file}`} />
        <Code text={`${install}\n${run}`} label="How to run it" />
      </Tabs>
      <p class="small faint">Until the package is published, npm install takes the folder that <code>cargo xtask npm</code> prints.</p>
    </section>
  );
}
