// What came of trying a webhook out: the verdict in words, and what was sent and answered.

import type { AttemptResponse, Delivery, DraftTest, ShownHeader } from '../../generated/api';
import { Badge, Notice } from '../../ui/ui';
import { failureWords } from './words';

export function Outcome({ tried }: { readonly tried: Delivery | DraftTest }) {
  const { success, response, failure } = tried;
  const time = `${Math.round(tried.duration_ms).toLocaleString()} ms`;
  return (
    <div class="stack">
      <Notice tone={success ? 'good' : 'bad'} title={success ? 'It works' : 'It does not work'} live="status">
        {response !== null && <span>The receiver answered with {response.status} after {time}.{success ? '' : ' Only an answer from 200 to 299 counts as received; redirects are not followed.'}</span>}
        {failure !== null && (
          <>
            <span>{failureWords(failure)}</span>
            <span class="small">No answer came, after {time}, {failure.phase === 'connect' ? 'before a connection stood' : 'on a connection that stood'} <Badge>{failure.class}</Badge></span>
          </>
        )}
      </Notice>
      {'request' in tried && (
        <details open>
          <summary>Request</summary>
          <div class="stack tight">
            <p class="small mono break">POST {tried.request.url ?? ''}</p>
            <Headers label="Request headers" headers={tried.request.headers} />
            <Body label="Request body" {...tried.request} />
          </div>
        </details>
      )}
      {response !== null && <Answer response={response} />}
    </div>
  );
}

function Answer({ response }: { readonly response: AttemptResponse }) {
  return (
    <details open>
      <summary>Response</summary>
      <div class="stack tight">
        <p class="small mono">Status {response.status}</p>
        <Headers label="Response headers" headers={response.headers} />
        <Body label="Response body" {...response} />
      </div>
    </details>
  );
}

function Headers({ label, headers }: { readonly label: string; readonly headers: readonly ShownHeader[] }) {
  if (headers.length === 0) return <p class="small faint">{label}: none</p>;
  return (
    <pre class="code wrap" tabIndex={0} role="region" aria-label={label}>
      <code>{headers.map(({ name, value }) => `${name}: ${value ?? '(omitted: it is a secret)'}`).join('\n')}</code>
    </pre>
  );
}

/** Bodies are as long as the server keeps them: 64 KiB of a test. */
function Body({ label, body, body_base64: binary }: { readonly label: string; readonly body?: string; readonly body_base64?: string }) {
  if (body === undefined || body === '') return <p class="small faint">{label}: empty</p>;
  return (
    <>
      {binary !== undefined && <p class="small faint">It is not text: what cannot be shown is replaced.</p>}
      <pre class="code wrap body" tabIndex={0} role="region" aria-label={label}><code>{body}</code></pre>
    </>
  );
}
