// The playground as a whole: what is entered on one side, what comes of it on the other; on a phone one below the other,
// with the verdict first.

import { Brand } from '../../ui/brand';
import { later } from '../../ui/later';
import { theme } from '../../ui/theme';
import { Button, Notice, ThemeChoice } from '../../ui/ui';
import { dropping, useDrop } from './drop';
import { Form } from './form';
import { ImportButton } from './import';
import { forgetLink, linkProblem, useLink } from './link';
import { copyAsItIs } from './marked';
import { Receiver } from './receiver';
import { toResult } from './result';
import { SamplesMenu, SamplesProblem } from './samples-menu';
import { ShareButton } from './share';
import { clear, mode, notes } from './state';
import { Steps } from './steps';
import { Verdict, VerdictBar } from './verdict';

const Signed = later(async () => (await import('./signed')).Signed);

export function App() {
  useLink();
  useDrop();
  const verifying = mode.value === 'verify';
  return (
    <>
      <header class="topbar">
        <a class="skip" href="#result" onClick={(event) => (event.preventDefault(), toResult())}>Skip to the result</a>
        <Brand href="./">sigpost</Brand>
        <h1 class="small faint">playground</h1>
        <div class="row" role="group" aria-label="What to do">
          <Button kind={verifying ? 'primary' : 'quiet'} pressed={verifying} onClick={() => (mode.value = 'verify')}>Verify</Button>
          <Button kind={verifying ? 'quiet' : 'primary'} pressed={!verifying} onClick={() => (mode.value = 'sign')}>Sign</Button>
        </div>
        <span class="grow" />
        <SamplesMenu />
        <ImportButton />
        <ShareButton />
        <Button kind="quiet" onClick={() => (forgetLink(), clear())}>Clear</Button>
        <ThemeChoice theme={theme} />
      </header>
      {linkProblem.value !== undefined && <div class="playground-notice"><Notice tone="bad" live="alert" title="The link cannot be shown"><p>{linkProblem.value}</p></Notice></div>}
      <SamplesProblem />
      {notes.value.length > 0 && (
        <div class="playground-notice">
          <Notice tone="warn" live="status" title="Taken in, but">
            <ul>{notes.value.map((note) => <li key={note}>{note}</li>)}</ul>
            <div class="row"><Button kind="quiet" onClick={() => ((notes.value = []), toResult())}>Understood</Button></div>
          </Notice>
        </div>
      )}
      {dropping.value && <div class="dropping">Drop it to look at it</div>}
      <main class="playground" onCopy={copyAsItIs}>
        <Form />
        <div id="result" class="stack result" tabIndex={-1}>
          {verifying ? <><Verdict /><Steps /></> : <Signed />}
          <Receiver />
        </div>
      </main>
      {verifying && <VerdictBar />}
    </>
  );
}
