// What came of trying a webhook out: the verdict in words, and what was sent and answered.

import type { Delivery, DraftTest } from '../../generated/api';
import { Notice } from '../../ui/ui';
import { Answer, Sent } from '../shared/exchange';
import { outcomeInWords } from '../shared/outcomes';

export function Outcome({ tried }: { readonly tried: Delivery | DraftTest }) {
  const { success, response } = tried;
  const { what, todo } = outcomeInWords(tried);
  return (
    <div class="stack">
      <Notice tone={success ? 'good' : 'bad'} title={success ? 'It works' : 'It does not work'} live="status">
        <span>{what}</span>
        {todo !== undefined && <span class="small">{todo}</span>}
      </Notice>
      {'request' in tried && <Sent request={tried.request} body={tried.request} />}
      {response !== null && <Answer response={response} />}
    </div>
  );
}
