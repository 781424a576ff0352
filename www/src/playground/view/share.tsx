// Links to what somebody looks at: made on demand, shown with what they hold and what they leave out. A link that would
// give a secret away, or that nobody could open, is not made.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { copy } from '../../ui/clipboard';
import { Button, Dialog, Notice, Spinner } from '../../ui/ui';
import { loadShare } from '../fragment';
import type { Kept } from '../kept';
import type { Shared } from '../share';
import { ask } from '../worker/bridge';
import { judged, outdated } from './judging';
import { signsTime } from './schemes';
import { canonical, choice, fresh, given, messageId, mode, now, problem, request, required, scheme, secondsOf, toleranceChosen } from './state';

type Made = { readonly kind: 'making' } | { readonly kind: 'made'; readonly link: string; readonly holds: Kept } | { readonly kind: 'not'; readonly why: string };

/** What chats and mails are known to pass on whole, in characters. */
const SAFE = 8_000;

export function ShareButton() {
  const open = useSignal(false);
  return (
    <>
      <Button onClick={() => (open.value = true)}>Share…</Button>
      {open.value && <ShareDialog onClose={() => (open.value = false)} />}
    </>
  );
}

function ShareDialog({ onClose }: { readonly onClose: () => void }) {
  const made = useSignal<Made>({ kind: 'making' });
  useEffect(() => {
    void make().then((outcome) => (made.value = outcome), (error: unknown) => (made.value = { kind: 'not', why: String(error instanceof Error ? error.message : error) }));
  }, []);
  const { value } = made;
  return (
    <Dialog title="Share what you look at" onClose={onClose}>
      {value.kind === 'making' && <Spinner label="Making the link…" />}
      {value.kind === 'not' && <Notice tone="bad" live="alert" title="There is no link"><p>{value.why}</p></Notice>}
      {value.kind === 'made' && (
        <>
          <p>The link holds the scheme, the settings, the body and what is listed here, and <strong>not the secret</strong>: whoever opens it enters that. It stands behind the #, which no server is sent.</p>
          <Link link={value.link} />
          <Holds holds={value.holds} />
        </>
      )}
    </Dialog>
  );
}

function Holds({ holds: { shared: { request: { url, headers } }, left } }: { readonly holds: Kept }) {
  const names = [...new Set(headers.map(([name]) => name.toLowerCase()))];
  return (
    <>
      <dl class="facts">
        <dt>Headers</dt><dd class="mono break">{names.join(', ') || 'none'}</dd>
        {url !== '' && <><dt>URL</dt><dd class="mono break">{url}</dd></>}
      </dl>
      {left.length > 0 && (
        <Notice tone="warn" title="Left out">
          <p class="break">{left.join(', ')}.</p>
          <p>No signature needs them, and credentials may stand in them. The request is verified and explained the same without them.</p>
        </Notice>
      )}
    </>
  );
}

/** The link as a text, and a button that copies it, or selects it where a browser lets no page copy. */
function Link({ link }: { readonly link: string }) {
  const text = useRef<HTMLPreElement>(null);
  const said = useSignal('');
  const take = async () => {
    if (await copy(link)) {
      said.value = 'Copied.';
      return;
    }
    if (text.current !== null) {
      text.current.focus();
      getSelection()?.selectAllChildren(text.current);
    }
    said.value = 'This browser lets the page copy nothing. The link is selected: press Ctrl+C, or ⌘C on a Mac.';
  };
  return (
    <div class="stack tight">
      <pre ref={text} class="code wrap" tabIndex={0} role="region" aria-label="The link"><code>{link}</code></pre>
      <div class="row"><Button kind="primary" onClick={take}>Copy the link</Button><span class="small" role="status">{said.value}</span></div>
      {link.length > SAFE && <p class="small">It is {link.length.toLocaleString('en')} characters long, and some programs cut such links. If it does not open for others, send it in a file, or shorten the body.</p>}
    </div>
  );
}

async function make(): Promise<Made> {
  if (problem.value !== undefined) return { kind: 'not', why: `${problem.value} Mend that first.` };
  const shared = sharedNow();
  // What is too long is refused before it is looked through.
  const { encode, kept } = await loadShare();
  const fragment = await encode(shared);
  const where = await ask('leaks', { shared, secrets: given.value });
  if (where !== undefined) {
    return { kind: 'not', why: `The secret stands in ${where}: whoever had the link would have it. Take it out there, and take care whom you sent this request to.` };
  }
  return { kind: 'made', link: `${location.href.split('#', 1)[0]}${fragment}`, holds: kept(shared) };
}

/** What is shared: there is no place for a secret in it. */
function sharedNow(): Shared {
  const seconds = secondsOf(now.value);
  const at = seconds ?? judgedAt();
  const chosen = choice.value === 'auto' ? undefined : scheme.value;
  const age = toleranceChosen.value;
  return {
    mode: mode.value,
    ...(chosen === undefined ? {} : { scheme: chosen }),
    request: request.value,
    options: {
      ...(at === undefined || mode.value === 'sign' ? {} : { now: at * 1000 }),
      ...(age === undefined ? {} : { tolerance: age }),
      ...(canonical.value ? { body: 'canonical' as const } : {}),
      ...(required.value ? { standardWebhooks: 'required' as const } : {}),
      // Whoever opens it gets the same signature.
      ...(mode.value === 'sign' ? { id: messageId.value || fresh.value.id, timestamp: seconds ?? fresh.value.timestamp } : {}),
    },
  };
}

/** When the verdict that is shown was made, in seconds, where it hangs on that: whoever opens the link later sees the same. */
function judgedAt(): number | undefined {
  if (scheme.value === undefined || !signsTime(scheme.value)) return undefined;
  // What was changed just now is about to be judged.
  if (outdated.value) return Math.floor(Date.now() / 1000);
  return judged.value.kind === 'judged' ? Math.floor(judged.value.about.now / 1000) : undefined;
}
