// A group of conditions, and the groups in it.

import { useId } from 'preact/hooks';

import { Button } from '../../../ui/ui';
import { ATTRIBUTES, MAX_CONDITIONS, MAX_DEPTH, condition } from './tree';
import type { Condition, Group, Join, Part } from './tree';

interface GroupProps {
  readonly group: Group;
  readonly onChange: (group: Group) => void;
  readonly outermost?: boolean;
  readonly level?: number;
  readonly onRemove?: () => void;
}

export function GroupEditor({ group, onChange, outermost, level = 1, onRemove }: GroupProps) {
  const { join, parts } = group;
  const set = (index: number, part: Part) => onChange({ ...group, parts: parts.map((one, at) => (at === index ? part : one)) });
  const remove = (index: number) => onChange({ ...group, parts: parts.filter((_, at) => at !== index) });
  const add = (part: Part) => onChange({ ...group, parts: [...parts, part] });
  return (
    <div class={outermost === true ? 'stack tight' : 'stack tight filter-group'} role="group" aria-label={outermost === true ? 'Conditions' : 'Group of conditions'}>
      {(parts.length > 1 || outermost !== true) && <JoinChoice join={join} onChange={(chosen) => onChange({ ...group, join: chosen })} onRemove={onRemove} />}
      {parts.map((part, index) =>
        part.kind === 'group' ? (
          <GroupEditor key={index} group={part} level={level + 1} onChange={(changed) => set(index, changed)} onRemove={() => remove(index)} />
        ) : (
          <ConditionEditor key={index} part={part} onChange={(changed) => set(index, changed)} onRemove={() => remove(index)} />
        ),
      )}
      <div class="row">
        <Button disabled={parts.length >= MAX_CONDITIONS} onClick={() => add(condition())}>Add condition</Button>
        {/* A group inside of this one is joined by the other word, or it would change nothing. */}
        {level < MAX_DEPTH && <Button kind="quiet" onClick={() => add({ kind: 'group', join: join === 'and' ? 'or' : 'and', parts: [condition()] })}>Add group</Button>}
      </div>
    </div>
  );
}

function JoinChoice({ join, onChange, onRemove }: { readonly join: Join; readonly onChange: (join: Join) => void; readonly onRemove: (() => void) | undefined }) {
  const id = useId();
  return (
    <div class="row">
      <label class="small" for={id}>Holds if</label>
      <select id={id} class="input" value={join} onChange={({ currentTarget }) => onChange(currentTarget.value === 'or' ? 'or' : 'and')}>
        <option value="and">all of these hold (and)</option>
        <option value="or">any of these holds (or)</option>
      </select>
      {onRemove !== undefined && <Button kind="quiet" label="Remove group" onClick={onRemove}>✕</Button>}
    </div>
  );
}

interface ConditionProps {
  readonly part: Condition;
  readonly onChange: (part: Condition) => void;
  readonly onRemove: () => void;
}

function ConditionEditor({ part, onChange, onRemove }: ConditionProps) {
  const { attribute, operator, value } = part;
  const list = useId();
  const attributeNamed = (name: string) => ATTRIBUTES.find((one) => one === name) ?? 'id';
  return (
    <div class="row condition" role="group" aria-label="Condition">
      <select class="input" aria-label="Attribute" value={attribute} onChange={({ currentTarget }) => onChange({ ...part, attribute: attributeNamed(currentTarget.value) })}>
        {ATTRIBUTES.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <select class="input" aria-label="Operator" value={operator} onChange={({ currentTarget }) => onChange({ ...part, operator: currentTarget.value === 'ne' ? 'ne' : 'eq' })}>
        <option value="eq">is (eq)</option>
        <option value="ne">is not (ne)</option>
      </select>
      <input
        class="input mono grow"
        aria-label="Value"
        placeholder="Value"
        value={value}
        list={attribute === 'data.status' ? list : undefined}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange({ ...part, value: currentTarget.value })}
      />
      {attribute === 'data.status' && <datalist id={list}><option value="ok" /><option value="error" /></datalist>}
      <Button kind="quiet" label={`Remove condition ${attribute} ${operator} ${value}`} onClick={onRemove}>✕</Button>
    </div>
  );
}
