// The secrets, and the promise about them, which anybody can try out.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { Button, SecretField } from '../../ui/ui';
import { mode, secrets } from './state';

export function Secrets() {
  useEffect(() => {
    // A browser may keep a page that is left, to show it again as it was.
    const forget = () => (secrets.value = ['']);
    addEventListener('pagehide', forget);
    return () => removeEventListener('pagehide', forget);
  }, []);
  const list = mode.value === 'sign' ? secrets.value.slice(0, 1) : secrets.value;
  const section = useRef<HTMLDivElement>(null);
  const resize = (changed: readonly string[]) => {
    secrets.value = changed;
    // The button that was pressed may be gone once these are shown.
    setTimeout(() => [...(section.current?.querySelectorAll('input') ?? [])].at(-1)?.focus());
  };
  const put = (index: number, value: string) => (secrets.value = secrets.value.map((secret, other) => (other === index ? value : secret)));
  return (
    <div ref={section} class="stack tight">
      {list.map((secret, index) => (
        <SecretField
          key={index}
          label={index === 0 ? 'Secret' : `Secret ${index + 1}, an older one`}
          value={secret}
          onInput={(value) => put(index, value)}
          error={secret !== secret.trim() ? 'White space stands around it: meant? It counts.' : undefined}
        />
      ))}
      {mode.value === 'verify' && (
        <div class="row">
          {list.length < 4 && <Button kind="quiet" onClick={() => resize([...list, ''])}>Add another, while one is rotated</Button>}
          {list.length > 1 && <Button kind="quiet" onClick={() => resize(list.slice(0, -1))}>Remove the last</Button>}
        </div>
      )}
      <Assurance />
    </div>
  );
}

function Assurance() {
  const outcome = useSignal('');
  return (
    <details class="small">
      <summary>The secret stays in this tab</summary>
      <div class="stack tight settings">
        <p>Everything is computed in this browser, in a worker. Nothing that you enter is stored, and the secret is in no URL: a link that you share has no place for it.</p>
        <p>Your browser sees to it, as far as a policy can: this page’s forbids it to fetch, send or open a socket, forms, frames, and files of any other server. It may ask its own server for files, and for nothing else. What no policy forbids, such as going to another address or a call by WebRTC, this page does not do; it holds no script but its own.</p>
        <pre class="code wrap" tabIndex={0} role="region" aria-label="The policy of this page">{policyOfPage()}</pre>
        <div class="row">
          <Button
            onClick={async () => {
              outcome.value = (await isForbidden())
                ? 'The browser refused, as it should.'
                : 'No policy refused it: this copy of the page has lost its own. Do not trust it with a secret.';
            }}
          >
            Let the page try to connect
          </Button>
          <span role="status">{outcome.value}</span>
        </div>
      </div>
    </details>
  );
}

/** Whether the policy, and nothing else, keeps the page from connecting. */
async function isForbidden(): Promise<boolean> {
  let refused = false;
  const note = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
    refused ||= effectiveDirective === 'connect-src';
  };
  document.addEventListener('securitypolicyviolation', note);
  try {
    await fetch(location.href.split('#', 1)[0] ?? '', { cache: 'no-store' }).catch(() => undefined);
    // It is told of in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    document.removeEventListener('securitypolicyviolation', note);
  }
  return refused;
}

/** As the document itself says it. */
function policyOfPage(): string {
  return document.querySelector<HTMLMetaElement>('meta[http-equiv="content-security-policy" i]')?.content ?? 'This copy of the page has none.';
}
