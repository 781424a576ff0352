// A table that scrolls sideways by itself where it is too wide, so that the page never does.

import type { ComponentChildren } from 'preact';

import { Badge } from '../../ui/ui';

interface Props {
  readonly label: string;
  readonly columns: readonly string[];
  /** Whether there is a last column of buttons. */
  readonly actions?: boolean;
  readonly children: ComponentChildren;
}

export function Table({ label, columns, actions, children }: Props) {
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="table operator-table">
        <caption class="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => <th key={column} scope="col">{column}</th>)}
            {actions === true && <th scope="col"><span class="visually-hidden">What can be done</span></th>}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Why something cannot be changed here. */
export function FromFile() {
  return <Badge title="The configuration file declares it, which alone can change it">configuration file</Badge>;
}
