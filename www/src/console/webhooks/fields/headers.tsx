// Headers that a webhook's requests carry besides, in plain view or as secrets.

import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';

import { Button } from '../../../ui/ui';
import type { EncryptedRow, HeaderRow } from '../draft';

interface HeadersProps<Row extends HeaderRow> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly onChange: (rows: readonly Row[]) => void;
  readonly hint: string;
  readonly error: string | undefined;
}

/** All of them have 2,048 bytes at most, and each has a name. */
const MOST = 2_048;

export function Headers(props: HeadersProps<HeaderRow>) {
  return (
    <HeaderRows
      {...props}
      made={{ name: '', value: '' }}
      value={(row, label, set) => (
        <input
          class="input mono grow"
          aria-label={`${label} value`}
          placeholder="Value"
          value={row.value}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => set({ ...row, value: currentTarget.value })}
        />
      )}
    />
  );
}

interface EncryptedProps extends HeadersProps<EncryptedRow> {
  /** The url has become another: what is stored was entered for the one before, and is not sent there. */
  readonly moved: boolean;
}

export function EncryptedHeaders({ moved, ...props }: EncryptedProps) {
  return <HeaderRows {...props} made={{ name: '', value: '', stored: false }} value={(row, label, set) => <SecretValue row={row} label={label} moved={moved} set={set} />} />;
}

interface SecretValueProps {
  readonly row: EncryptedRow;
  readonly label: string;
  readonly moved: boolean;
  readonly set: (row: EncryptedRow) => void;
}

function SecretValue({ row, label, moved, set }: SecretValueProps) {
  const shown = useSignal(false);
  const placeholder = !row.stored ? 'Value' : moved ? 'Enter its value again' : 'Stays as it is, unless you enter another';
  return (
    <>
      <input
        // Preact's types want to know which one it is.
        type={(shown.value ? 'text' : 'password') as 'text'}
        class="input mono grow"
        aria-label={`${label} value`}
        placeholder={placeholder}
        value={row.value}
        autocomplete="off"
        data-1p-ignore
        data-lpignore="true"
        spellcheck={false}
        onInput={({ currentTarget }) => set({ ...row, value: currentTarget.value })}
      />
      <Button kind="quiet" pressed={shown.value} label={`Show ${label} value`} onClick={() => (shown.value = !shown.value)}>{shown.value ? 'Hide' : 'Show'}</Button>
    </>
  );
}

interface RowsProps<Row extends HeaderRow> extends HeadersProps<Row> {
  readonly made: Row;
  readonly value: (row: Row, label: string, set: (row: Row) => void) => preact.ComponentChildren;
}

function HeaderRows<Row extends HeaderRow & { readonly stored?: boolean }>({ label, rows, onChange, hint, error, made, value }: RowsProps<Row>) {
  const id = useId();
  const set = (index: number, row: Row) => onChange(rows.map((one, at) => (at === index ? row : one)));
  return (
    <fieldset class="field" aria-describedby={error === undefined ? `${id}-hint` : `${id}-hint ${id}-error`}>
      <legend>{label}</legend>
      <div class="hint" id={`${id}-hint`}>{hint}</div>
      {rows.map((row, index) => {
        const called = row.name === '' ? `${label}, ${index + 1}` : row.name;
        return (
          <div class="row header-row" key={index}>
            <input
              class="input mono grow"
              aria-label={`${label} name ${index + 1}`}
              placeholder="Name"
              value={row.name}
              readOnly={row.stored === true}
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => set(index, { ...row, name: currentTarget.value })}
            />
            {value(row, called, (changed) => set(index, changed))}
            <Button kind="quiet" label={`Remove ${called}`} onClick={() => onChange(rows.filter((_, at) => at !== index))}>✕</Button>
          </div>
        );
      })}
      <div class="row"><Button disabled={rows.length >= MOST} onClick={() => onChange([...rows, made])}>Add {label === 'Headers' ? 'header' : 'encrypted header'}</Button></div>
      {error !== undefined && <div class="error" id={`${id}-error`} role="alert">{error}</div>}
    </fieldset>
  );
}
