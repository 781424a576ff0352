// How a webhook is doing, in a few figures.

import type { WebhookStats } from '../../generated/api';
import { Notice } from '../../ui/ui';
import { serverNow } from '../api/clock';
import { Time } from '../shared/time';
import { span } from '../shared/times';
import { RANGES, percent, sum } from './figures';
import type { Range } from './figures';

export function Activity({ stats, range }: { readonly stats: WebhookStats; readonly range: Range }) {
  const { activity } = stats;
  const { succeeded, failed, rate } = sum(stats);
  const { failing_since, failures, last_attempt_at, last_success_at } = activity;
  return (
    <div class="stack tight">
      {failing_since !== null && (
        <Notice tone="bad" title={`Failing for ${span(serverNow() - Date.parse(failing_since))}`}>
          <span class="small">
            Since <Time at={failing_since} />, {failures.toLocaleString('en')} {failures === 1 ? 'attempt has' : 'attempts have'} failed and none succeeded. Its latest
            deliveries say why.
          </span>
        </Notice>
      )}
      <dl class="facts">
        <dt>Last {RANGES[range].text}</dt>
        <dd><strong>{percent(rate)}</strong> of {(succeeded + failed).toLocaleString('en')} attempts succeeded, {failed.toLocaleString('en')} failed</dd>
        <dt>Last attempt</dt><dd>{last_attempt_at === null ? 'none yet' : <Time at={last_attempt_at} />}</dd>
        <dt>Last success</dt><dd>{last_success_at === null ? 'none yet' : <Time at={last_success_at} />}</dd>
      </dl>
    </div>
  );
}
