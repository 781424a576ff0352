// The way in. A token goes into the field and from there into memory; the form sends nothing.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Me } from '../generated/api';
import { Brand } from '../ui/brand';
import { Button, Check, Dialog, Notice, SecretField } from '../ui/ui';
import { whoIs } from './api/client';
import { Refusal, advice } from './api/errors';
import { forget, keeps, kept, me, signOut, signedIn } from './api/session';
import { useThere } from './shared/there';

/** The longest token that is tried: the server reads 64 KiB of a request’s head. */
const LONGEST_TOKEN = 32_768;

export function SignIn() {
  return (
    <main class="sign-in">
      <div class="card">
        <Brand href="./">sigpost</Brand>
        <h1>Sign in to the console</h1>
        <p class="faint small">With a token of a user or an operator of this server. Who runs the server hands them out; the demo prints its own.</p>
        <Form />
      </div>
    </main>
  );
}

/** Over everything else, once the server no longer takes the token: what is behind it stays as it is. */
export function SignInAgain() {
  return (
    <Dialog title="Sign in again" onClose={() => undefined} insistent>
      <p>
        The server no longer takes your token: it has expired or was revoked. What you entered is still there, and goes on once you, {me.value?.name}, have
        signed in again. Whoever else signs in begins anew.
      </p>
      <Form />
      <div class="row"><Button kind="quiet" onClick={signOut}>Sign out and discard what I entered</Button></div>
    </Dialog>
  );
}

function Form() {
  const token = useSignal('');
  const keep = useSignal(keeps.peek());
  const busy = useSignal(false);
  const error = useSignal<string | undefined>(undefined);
  const there = useThere();

  const enter = async (value: string) => {
    const before = kept();
    busy.value = true;
    error.value = undefined;
    try {
      const known = await who(value, before?.token === value ? before.tenant : undefined);
      // Whoever has signed out meanwhile stays out.
      if (there.current) signedIn(value, known, keep.peek());
    } catch (caught) {
      if (!there.current) return;
      const unknown = caught instanceof Refusal && caught.status === 401;
      // One that was kept is of no use any more.
      if (unknown) forget();
      if (unknown && before?.token === value) token.value = '';
      error.value = unknown ? 'The server does not know this token. Check that it is whole, and that it is one of this server.' : words(caught);
    } finally {
      busy.value = false;
    }
  };
  useEffect(() => {
    const before = kept();
    if (before === undefined || me.peek() !== undefined) return;
    // If the server cannot be reached now, it can be tried again.
    token.value = before.token;
    keep.value = true;
    void enter(before.token);
  }, []);

  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        const value = token.value.trim();
        if (value === '') error.value = 'Enter a token.';
        else if (value.length > LONGEST_TOKEN) error.value = `This is no token: it has ${value.length.toLocaleString('en')} characters. Paste the token and nothing else.`;
        // No header can carry another (RFC 6750, section 2.1).
        else if (!/^[\x21-\x7e]+$/.test(value)) error.value = 'This is no token: it has spaces, line breaks or characters that no token has.';
        else void enter(value);
      }}
    >
      <SecretField label="Token" value={token.value} onInput={(value) => (token.value = value)} error={error.value} />
      <Check
        label="Keep it for this tab"
        hint="In the tab’s session storage, until it is closed or you sign out. Otherwise a reload asks again."
        checked={keep.value}
        onChange={(checked) => (keep.value = checked)}
      />
      <Button type="submit" kind="primary" busy={busy.value}>Sign in</Button>
      <Notice>
        <span class="small">The token is sent to this server in a header, and is in no URL, cookie or log.</span>
      </Notice>
    </form>
  );
}

/** Whose token it is. A tenant that is gone meanwhile is left. */
async function who(token: string, tenant: string | undefined): Promise<Me> {
  if (tenant === undefined) return whoIs(token);
  return whoIs(token, tenant).catch((error: unknown) => {
    if (error instanceof Refusal && error.status !== 401 && error.status < 500) return whoIs(token);
    throw error;
  });
}

function words(error: unknown): string {
  const { what, todo } = advice(error);
  return `${what} ${todo}`;
}
