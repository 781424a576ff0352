// Builds a Qlik filter out of conditions, or edits its text. Both are one thing: the text is what is stored, and it is
// shown as conditions as long as it can be.

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

import { Button, Field, Notice, Tabs } from '../../../ui/ui';
import { GroupEditor } from './group';
import { read } from './read';
import { MAX_BYTES, asksForStatus, print } from './tree';
import type { Group } from './tree';

interface FilterFieldProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly error: string | undefined;
  readonly eventTypes: readonly string[];
}

const RELOAD = 'com.qlik.v1.app.reload.finished';

export function FilterField({ text, onChange, error, eventTypes }: FilterFieldProps) {
  const tab = useSignal<'builder' | 'text'>('builder');
  const tree = useTree(text);
  return (
    <fieldset class="field filter">
      <legend>Filter</legend>
      <div class="hint">
        An event is only sent if this holds of it. Without a condition every event of the chosen types is. <code>id</code> is that of what the event is
        about, <code>data.status</code> how a reload ended: ok or error.
      </div>
      <Tabs label="Ways to edit the filter" tabs={[['builder', 'Conditions'], ['text', 'Text']]} selected={tab.value} onSelect={(name) => (tab.value = name)}>
        {tab.value === 'text' ? <TextEditor text={text} onChange={onChange} error={error} /> : (
          <>
            {tree.value === undefined ? (
              <Notice tone="warn" title="This filter is shown as a text only">
                <span>It is deeper or longer than conditions are shown here, or not valid. Edit it as a text; the server says what it thinks of it when you save.</span>
                <div class="row"><Button onClick={() => (tab.value = 'text')}>Edit the text</Button></div>
              </Notice>
            ) : (
              <GroupEditor
                group={tree.value}
                outermost
                onChange={(group) => {
                  tree.set(group);
                  onChange(print(group));
                }}
              />
            )}
            {error !== undefined && <div class="error" role="alert">{error}</div>}
            {text.trim() !== '' && <pre class="code wrap" tabIndex={0} role="region" aria-label="The filter as text"><code>{text}</code></pre>}
          </>
        )}
      </Tabs>
      {tree.value !== undefined && asksForStatus(tree.value) && !(eventTypes.length === 1 && eventTypes[0] === RELOAD) && (
        <Notice tone="warn">
          <span class="small">Only {RELOAD} has a <code>data.status</code>: choose that event type and no other, or take the condition away.</span>
        </Notice>
      )}
    </fieldset>
  );
}

function TextEditor({ text, onChange, error }: Pick<FilterFieldProps, 'text' | 'onChange' | 'error'>) {
  return (
    <Field label="Filter as text" error={error} hint={<>Like <code>id eq "…" or (spaceId eq "…" and topLevelResourceId ne "…")</code>, at most {MAX_BYTES} bytes.</>}>
      {(control) => <textarea {...control} class="input mono" value={text} spellcheck={false} autocomplete="off" onInput={({ currentTarget }) => onChange(currentTarget.value)} />}
    </Field>
  );
}

/** The tree of the text. What was built stays as it was built, also where its text would be read as another tree. */
function useTree(text: string): { readonly value: Group | undefined; readonly set: (group: Group) => void } {
  const kept = useRef<{ text: string; group: Group | undefined } | undefined>(undefined);
  if (kept.current?.text !== text) kept.current = { text, group: read(text) };
  return {
    value: kept.current.group,
    set: (group) => (kept.current = { text: print(group), group }),
  };
}
