// Whether a receiver has to prove who it is. Turning that off is warned of.

import { Check, Notice } from '../../../ui/ui';
import { LABELS } from '../draft';

export function VerifyTls({ verified, onChange }: { readonly verified: boolean; readonly onChange: (verified: boolean) => void }) {
  return (
    <div class="stack tight">
      <Check
        toggle
        label={verified ? LABELS.verifyTls : `${LABELS.verifyTls} (off: not recommended)`}
        checked={verified}
        hint="Whether the receiver must prove by its certificate that it is the host in the URL."
        onChange={onChange}
      />
      {!verified && (
        <Notice tone="warn" title="Turning TLS verification off is not recommended" live="status">
          <span>
            Whoever is between this server and the receiver can then read the deliveries, and answer in its place. Leave it on unless the receiver is one of
            your own that has no certificate yet.
          </span>
        </Notice>
      )}
    </div>
  );
}
