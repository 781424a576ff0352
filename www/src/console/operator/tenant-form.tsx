// The form of a tenant: what its webhooks may reach, and its settings. Only what belongs to its system is offered.

import { useSignal } from '@preact/signals';

import type { Tenant } from '../../generated/api';
import { Button, Check, Dialog, SelectField, TextField } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { useAction } from '../shared/action';
import { DIALECTS } from '../shared/dialects';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { useEntered } from '../shared/leaving';
import { LinesField } from '../shared/lines-field';
import { useMeanwhile } from './meanwhile';
import { NEW, changeOf, draftOf, newTenant, rebased, wrongLine } from './tenant-draft';
import type { TenantDraft } from './tenant-draft';

interface Props {
  /** The one to change; a new one without it. */
  readonly tenant?: Tenant | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

interface Part {
  readonly draft: TenantDraft;
  readonly isNew: boolean;
  readonly change: (part: Partial<TenantDraft>) => void;
  /** What a field of text needs; `name` is what the API calls the member. */
  readonly text: (member: TextMember, name?: string) => { readonly value: string; readonly onInput: (value: string) => void; readonly error: string | undefined };
}

/** The members that are texts. */
type TextMember = { [Name in keyof TenantDraft]: TenantDraft[Name] extends string ? Name : never }[keyof TenantDraft];

export function TenantForm({ tenant, onSaved, onClose }: Props) {
  const draft = useSignal(tenant === undefined ? NEW : draftOf(tenant));
  const close = useEntered(draft, onClose);
  const { base, meets, notice } = useMeanwhile(draft, rebased);
  const badHosts = useSignal<string | undefined>(undefined);
  const { busy, error, run } = useAction(async () => {
    badHosts.value = wrongLine(draft.value);
    if (badHosts.value !== undefined) return;
    if (tenant === undefined) await answered(api.POST('/v1/tenants', { body: newTenant(draft.value) }));
    else {
      const params = { path: { tenant: tenant.name } };
      if (!meets(draftOf(await answered(api.GET('/v1/tenants/{tenant}', { params }))))) return;
      await answered(api.PATCH('/v1/tenants/{tenant}', { params, body: changeOf(base.value, draft.value) }));
    }
    onSaved();
  });
  const refused = error instanceof Refusal ? error : undefined;
  const change = (some: Partial<TenantDraft>) => (draft.value = { ...draft.value, ...some });
  const named = (name: string) => (refused?.field?.split(/[.[]/).includes(name) === true ? refused.message : undefined);
  const wrong = (name: string) => (name === 'hosts' ? badHosts.value : undefined) ?? named(name);
  const part: Part = {
    draft: draft.value,
    isNew: tenant === undefined,
    change,
    text: (member, name = member) => ({ value: draft.value[member], onInput: (value) => change({ [member]: value }), error: wrong(name) }),
  };
  return (
    <Dialog title={tenant === undefined ? 'New tenant' : <>Change <span class="break">{tenant.name}</span></>} onClose={close} sheet>
      <form class="stack" onSubmit={(event) => (event.preventDefault(), void run())}>
        {notice}
        <Entries busy={busy}>
          {tenant === undefined && <Identity {...part} />}
          <Reach {...part} />
          <SettingsPart {...part} />
        </Entries>
        {error !== undefined && <Failed error={error} />}
        <div class="row end">
          <Button onClick={close}>Discard</Button>
          <Button type="submit" kind="primary" busy={busy}>{tenant === undefined ? 'Create the tenant' : 'Save'}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Identity({ draft, change, text }: Part) {
  return (
    <>
      <TextField label="Name" hint="Names it for good: letters, digits, dots, hyphens and underscores." {...text('name')} maxLength={64} required autofocus />
      <SelectField
        label="Dialect"
        hint="Which system’s API it speaks, for good. The native API is open to each."
        value={draft.dialect}
        options={DIALECTS.map((dialect) => [dialect, dialect] as const)}
        onChange={(dialect) => change({ dialect })}
      />
    </>
  );
}

function Reach({ draft, change, text }: Part) {
  return (
    <fieldset class="group">
      <legend>What its webhooks may reach</legend>
      <LinesField label="Open address blocks" hint="One a line, like 10.20.0.0/16, in addition to the public internet." {...text('allow')} />
      <LinesField label="Fixed names" hint="One a line: a name and its address, like hooks.internal 10.20.0.7. They are not looked up." {...text('hosts')} />
      {draft.dialect === 'qlik' && (
        <Check
          label="Relaxed targets"
          hint="Webhooks may also go to plain http and to an address."
          checked={draft.relaxedTargets}
          onChange={(relaxedTargets) => change({ relaxedTargets })}
        />
      )}
    </fieldset>
  );
}

function SettingsPart({ draft, isNew, change, text }: Part) {
  const { dialect, signatures } = draft;
  const sign = (name: string, on: boolean) => change({ signatures: ['sha1', 'sha256'].filter((other) => (other === name ? on : signatures.includes(other))) });
  return (
    <fieldset class="group">
      <legend>Settings</legend>
      <div class="field-row">
        <TextField label="Timeout" hint="Over a whole exchange, from 100ms to 300s." placeholder="10s" {...text('timeout')} mono />
        <TextField label="Retention" hint="How long history is kept, from 1d to 3650d." placeholder="7d" {...text('retention')} mono />
      </div>
      <TextField label="Retries" hint={`The wait before each attempt, the first 0s, like 0s 5s 5m. Empty: ${isNew ? 'the default' : 'a single attempt'}.`} {...text('retry')} mono />
      <LinesField label="Further event types" hint="One a line: may be subscribed to beside those of its system." {...text('eventTypes', 'event_types')} />
      <Check
        label="Standard Webhooks headers"
        hint="Every delivery carries them beside the system’s own."
        checked={draft.standardWebhooks}
        onChange={(standardWebhooks) => change({ standardWebhooks })}
      />
      {dialect === 'immuta' && (
        <>
          <Check label="Signature by SHA-1" checked={signatures.includes('sha1')} onChange={(on) => sign('sha1', on)} />
          <Check label="Signature by SHA-256" checked={signatures.includes('sha256')} onChange={(on) => sign('sha256', on)} />
          <SelectField
            label="Event types shown by Immuta’s API"
            value={draft.notificationList}
            options={[['saas', 'saas'], ['2024.3', '2024.3']]}
            onChange={(notificationList) => change({ notificationList })}
          />
        </>
      )}
      {dialect === 'qlik' && (
        <SelectField label="Envelope" value={draft.envelope} options={[['cloudevents', 'CloudEvents'], ['hybrid', 'Hybrid']]} onChange={(envelope) => change({ envelope })} />
      )}
    </fieldset>
  );
}
