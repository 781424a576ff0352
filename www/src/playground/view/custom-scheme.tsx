// A scheme of somebody's own: described in a form, checked as it is typed, taken away as data.

import { useSignal } from '@preact/signals';

import { schemes } from 'sigpost';
import type { Scheme } from 'sigpost';

import { Button, Code, SelectField, TextField } from '../../ui/ui';
import { schemeIn } from '../form';
import { formOfPreset, formOfScheme } from './custom';
import type { CustomForm } from './custom';
import { presets, titleOf } from './schemes';
import { custom, customProblems, customScheme } from './state';

type Texts = { [Name in keyof CustomForm]: string extends CustomForm[Name] ? Name : never }[keyof CustomForm];

export function CustomScheme() {
  const form = custom.value;
  const problems = customProblems.value;
  const put = (change: Partial<CustomForm>) => (custom.value = { ...custom.value, ...change });
  const text = (name: Texts, label: string, hint?: string) => (
    <TextField label={label} value={form[name]} onInput={(value) => put({ [name]: value })} hint={hint} error={problems[name]} mono />
  );
  return (
    <section class="card" aria-label="Custom scheme">
      <SelectField label="Begin with" value="" options={[['', 'What is here'], ...presets.map((name) => [name, titleOf(name)] as const)]} onChange={(name) => name !== '' && (custom.value = formOfPreset(name))} />
      <div class="pair">{text('name', 'Name')}{text('header', 'Header with the signature')}</div>
      {text('template', 'What is signed', '{id}, {timestamp} and {body} stand for themselves; anything else is text, such as v0:{timestamp}:{body}. Write {{ for a { of the text.')}
      <div class="pair">
        <SelectField label="Algorithm" value={form.algorithm} options={[['hmac-sha256', 'HMAC-SHA256'], ['hmac-sha512', 'HMAC-SHA512'], ['hmac-sha1', 'HMAC-SHA1']]} onChange={(algorithm) => put({ algorithm })} />
        <SelectField label="Written as" value={form.encoding} options={[['hex', 'hex'], ['base64', 'base64'], ['base64url', 'base64url']]} onChange={(encoding) => put({ encoding })} />
      </div>
      <div class="pair">
        {text('prefix', 'Prefix', 'What stands before the signature, such as sha256=.')}
        <SelectField label="A list, separated by" value={form.separator} options={[['', 'no list: one signature'], [' ', 'spaces'], [',', 'commas']]} onChange={(separator) => put({ separator })} />
      </div>
      <div class="pair">{text('idHeader', 'Header with the id')}{text('timestampHeader', 'Header with the time')}</div>
      <div class="pair">{text('timestampPrefix', 'Time in the list, behind', 'Such as t=.')}{text('tolerance', 'Tolerance in seconds', 'Empty: 300.')}</div>
      {text('weakerHeader', 'Header of a weaker signature', 'One that is not accepted; a request that has only that one is told so.')}
      <div class="pair">
        <SelectField label="The body is signed" value={form.body} options={[['raw', 'as it travels'], ['canonical', 'in its canonical form']]} onChange={(chosen) => put({ body: chosen })} />
        <SelectField label="Key" value={form.key} options={[['whole', 'the secret as it is'], ['base64', 'decoded base64'], ['standard-webhooks', 'as Standard Webhooks']]} onChange={(key) => put({ key })} />
      </div>
      <AsData />
    </section>
  );
}

function AsData() {
  const given = useSignal('');
  const problem = useSignal<string | undefined>(undefined);
  return (
    <details>
      <summary>As data, to take away or to bring in</summary>
      <div class="stack settings">
        {customScheme.value === undefined
          ? <p class="faint">There is no scheme to take away yet: the fields above say what to mend.</p>
          : <Code text={JSON.stringify(customScheme.value, null, 2)} label="The scheme as data" />}
        <TextField label="Bring one in" value={given.value} onInput={(value) => (given.value = value)} hint="A scheme as JSON, as it is shown above." error={problem.value} mono />
        <div class="row">
          <Button
            onClick={() => {
              try {
                custom.value = formOfScheme(schemeGiven(given.value));
                problem.value = undefined;
                given.value = '';
              } catch (error) {
                problem.value = error instanceof Error ? error.message : String(error);
              }
            }}
          >
            Use it
          </Button>
        </div>
      </div>
    </details>
  );
}

function schemeGiven(text: string): Scheme {
  const read: unknown = JSON.parse(text);
  // What a preset offers against replays is said of it, and no part of it.
  if (typeof read === 'object' && read !== null && 'replay' in read) delete read.replay;
  const scheme = schemeIn(read, 'it');
  return typeof scheme === 'string' ? schemes[scheme] : scheme;
}
