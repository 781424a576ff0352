// The samples: chosen by name, loaded when they are wanted, signed by the worker if only their body is known.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Sample, SampleGroup } from '../samples';
import { fromBase64, utf8 } from '../text';
import { ask } from '../worker/bridge';
import { forgetLink } from './link';
import { canonical, choice, mode, now, secrets, take, tolerance } from './state';

const GROUPS: readonly SampleGroup[] = ['Signed by each scheme', 'Sent by each system', 'Mistakes people make'];

export function SamplesMenu() {
  const samples = useSignal<readonly Sample[]>([]);
  useEffect(() => {
    void import('virtual:samples').then(({ default: loaded }) => (samples.value = loaded));
  }, []);
  return (
    <label class="row">
      <span class="visually-hidden">Load a sample</span>
      <select
        class="input"
        value=""
        onChange={({ currentTarget }) => {
          const chosen = samples.value.find(({ id }) => id === currentTarget.value);
          currentTarget.value = '';
          if (chosen !== undefined) void show(chosen);
        }}
      >
        <option value="">Load a sample…</option>
        {GROUPS.map((group) => (
          <optgroup key={group} label={group}>
            {samples.value.filter((sample) => sample.group === group).map(({ id, title, about }) => <option key={id} value={id} title={about}>{title}</option>)}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

let last = 0;

async function show(sample: Sample): Promise<void> {
  last += 1;
  const mine = last;
  const body = 'text' in sample.body ? utf8(sample.body.text) : fromBase64(sample.body.base64);
  const [secret = ''] = sample.secrets;
  const timestamp = Math.floor(sample.now / 1000);
  const made = sample.sign === undefined ? [] : await ask('sign', { scheme: sample.sign, secret, body, id: 'msg_sample', timestamp });
  // Another one has been chosen meanwhile.
  if (mine !== last) return;
  forgetLink();
  mode.value = 'verify';
  take({ method: 'POST', url: '', headers: [...sample.headers, ...made], body });
  choice.value = sample.scheme;
  secrets.value = sample.secrets;
  now.value = String(timestamp);
  tolerance.value = '';
  canonical.value = false;
}
