// The samples: chosen by name, loaded when they are wanted, signed by the worker if only their body is known.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Button, Notice } from '../../ui/ui';
import type { Sample, SampleGroup } from '../samples';
import { fromBase64, utf8 } from '../text';
import { ask } from '../worker/bridge';
import { forgetLink } from './link';
import { begin } from './round';
import { canonical, choice, mode, now, secrets, take, tolerance } from './state';

const GROUPS: readonly SampleGroup[] = ['Signed by each scheme', 'Sent by each system', 'Mistakes people make'];

const samples = signal<readonly Sample[]>([]);
/** Why no sample is there, or is not shown, and what is to be tried again. */
const failed = signal<{ readonly why: string; readonly again: () => Promise<void> } | undefined>(undefined);

/** Does it, and offers to do it again if it fails. */
async function attempt(work: () => Promise<void>): Promise<void> {
  failed.value = undefined;
  try {
    await work();
  } catch (error) {
    failed.value = { why: error instanceof Error ? error.message : String(error), again: () => attempt(work) };
  }
}

async function fetchSamples(): Promise<void> {
  samples.value = (await import('virtual:samples')).default;
}

export function SamplesProblem() {
  if (failed.value === undefined) return null;
  const { why, again } = failed.value;
  return (
    <div class="playground-notice">
      <Notice tone="bad" live="alert" title="The samples could not be loaded">
        <p>Everything else works. Check that you are online and try again; if that does not help, reload the page. <span class="small faint break">{why}</span></p>
        <div class="row"><Button onClick={again}>Try again</Button></div>
      </Notice>
    </div>
  );
}

export function SamplesMenu() {
  useEffect(() => void attempt(fetchSamples), []);
  return (
    <label class="row">
      <span class="visually-hidden">Load a sample</span>
      <select
        class="input"
        value=""
        onChange={({ currentTarget }) => {
          const chosen = samples.value.find(({ id }) => id === currentTarget.value);
          currentTarget.value = '';
          if (chosen !== undefined) void attempt(() => show(chosen));
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

async function show(sample: Sample): Promise<void> {
  const current = begin();
  const body = 'text' in sample.body ? utf8(sample.body.text) : fromBase64(sample.body.base64);
  const [secret = ''] = sample.secrets;
  const timestamp = Math.floor(sample.now / 1000);
  const made = sample.sign === undefined ? [] : await ask('sign', { scheme: sample.sign, secret, body, id: 'msg_sample', timestamp });
  if (!current()) return;
  forgetLink();
  mode.value = 'verify';
  take({ method: 'POST', url: '', headers: [...sample.headers, ...made], body });
  choice.value = sample.scheme;
  secrets.value = sample.secrets;
  now.value = String(timestamp);
  tolerance.value = '';
  canonical.value = false;
}
