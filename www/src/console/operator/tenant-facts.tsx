// A tenant to look at, for those who cannot change it: admins, and everybody where the configuration file declares it.

import type { Tenant } from '../../generated/api';
import { Dialog, Notice } from '../../ui/ui';

export function TenantFacts({ tenant, onClose }: { readonly tenant: Tenant; readonly onClose: () => void }) {
  const { name, dialect, origin, egress, settings } = tenant;
  const hosts = Object.entries(egress.hosts).map(([host, address]) => `${host} → ${address}`);
  return (
    <Dialog title={<span class="break">{name}</span>} onClose={onClose} sheet>
      <Notice>
        <span class="small">
          {origin === 'file' ? 'The configuration file declares it: only there, and by a restart, can it be changed.' : 'Only an operator of the server can change it.'}
        </span>
      </Notice>
      <dl class="facts">
        <dt>Dialect</dt><dd>{dialect}</dd>
        <dt>Open address blocks</dt><dd>{listed(egress.allow, 'none but the public internet')}</dd>
        <dt>Fixed names</dt><dd>{listed(hosts, 'none')}</dd>
        {dialect === 'qlik' && <><dt>Relaxed targets</dt><dd>{yes(egress.relaxed_targets)}</dd></>}
        <dt>Timeout</dt><dd>{settings.timeout}</dd>
        <dt>Waits before attempts</dt><dd>{settings.retry.length === 0 ? 'a single attempt' : settings.retry.join(' ')}</dd>
        <dt>Retention</dt><dd>{settings.retention}</dd>
        <dt>Standard Webhooks headers</dt><dd>{yes(settings.standard_webhooks)}</dd>
        {dialect === 'immuta' && <><dt>Signatures</dt><dd>{settings.immuta_signatures.join(', ')}</dd><dt>Event types shown</dt><dd>{settings.notification_list}</dd></>}
        {dialect === 'qlik' && <><dt>Envelope</dt><dd>{settings.envelope}</dd></>}
        <dt>Further event types</dt><dd>{listed(settings.event_types, 'none')}</dd>
      </dl>
    </Dialog>
  );
}

const yes = (is: boolean) => (is ? 'yes' : 'no');

function listed(items: readonly string[], none: string) {
  return items.length === 0 ? <span class="faint">{none}</span> : <ul class="details">{items.map((item) => <li key={item}>{item}</li>)}</ul>;
}
