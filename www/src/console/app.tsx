// What is shown: the way in, or the console around the view that the URL names.

import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';

import { Brand } from '../ui/brand';
import { theme } from '../ui/theme';
import { Badge, Button, ThemeChoice } from '../ui/ui';
import { me, signOut, state } from './api/session';
import { Acting, isMoving } from './operator/acting';
import { href, route } from './route';
import { LeavingDialog } from './shared/leaving';
import { place } from './shared/place';
import { leave } from './shared/unsaved';
import { SignIn, SignInAgain } from './sign-in';
import { viewOf, views } from './views';

export function App() {
  if (state.value.kind === 'out') return <SignIn />;
  return (
    <>
      <Console />
      {state.value.kind === 'expired' && <SignInAgain />}
    </>
  );
}

function Console() {
  const main = useRef<HTMLElement>(null);
  const shown = useRef('');
  const who = me.value;
  const view = viewOf(route.value, who);
  useSignalEffect(() => {
    const path = route.value.path.join('/');
    document.title = `${viewOf(route.value, me.value).title} · sigpost console`;
    // Whoever goes elsewhere by keyboard or hears the page begins at its top; whoever only chooses stays.
    if (shown.current !== '' && shown.current !== path) main.current?.focus();
    shown.current = path;
  });
  return (
    <div class="console">
      <header class="topbar">
        <a class="skip" href={location.hash} onClick={(event) => (event.preventDefault(), main.current?.focus())}>Skip to the content</a>
        <Brand href={href([])}>sigpost</Brand>
        <span class="faint small">console</span>
        <span class="grow" />
        {who?.tenant && <Badge>{who.tenant.name} · {who.tenant.dialect}</Badge>}
        <span class="small break"><bdi>{who?.name}</bdi>{who?.kind === 'operator' ? ' (operator)' : ''}</span>
        <ThemeChoice theme={theme} />
        <Button kind="quiet" onClick={() => leave(signOut)}>Sign out</Button>
      </header>
      <div class="console-body">
        <nav class="console-nav" aria-label="Console">
          {views(who).map(({ name, title }) => (
            <a key={name} href={href([name])} aria-current={view.name === name ? 'page' : undefined}>{title}</a>
          ))}
          <a href="./" target="_blank" rel="noreferrer">Playground ↗</a>
          <a href="./docs/native" target="_blank" rel="noreferrer">API ↗</a>
        </nav>
        <main class="console-main" ref={main} tabIndex={-1} aria-label={view.title}>
          <Acting />
          {/* Nothing of one tenant is left when an operator goes into another, nor of one user when another signs in. */}
          {/* So nothing can be begun while the server is asked to let one in: it would be gone a moment later. */}
          <div inert={isMoving()}>
            <view.View key={`${view.name} ${place.value}`} />
          </div>
        </main>
      </div>
      <LeavingDialog />
    </div>
  );
}
