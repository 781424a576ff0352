// A list in pages, in each of its states.

import type { ComponentChildren } from 'preact';

import { Button, Spinner } from '../../ui/ui';
import { Failed } from './failed';
import type { Pages } from './load';

/** What stands below a list in pages. */
function More<Item>({ pages, what }: { readonly pages: Pages<Item>; readonly what: string }) {
  if (pages.data === undefined || pages.data.next === null) return null;
  return <div class="row"><Button busy={pages.loadingMore} onClick={pages.more}>More {what}</Button></div>;
}

interface ListProps<Item> {
  readonly pages: Pages<Item>;
  readonly what: string;
  readonly empty: ComponentChildren;
  readonly children: (items: readonly Item[]) => ComponentChildren;
}

/** A list in pages in each of its states: loading, failed, empty, there. */
export function List<Item>({ pages, what, empty, children }: ListProps<Item>) {
  const { data, error, loading, retry } = pages;
  return (
    <>
      {error !== undefined && <Failed error={error} retry={retry} />}
      {data === undefined && loading && <Spinner label={`Loading ${what}…`} />}
      {data !== undefined && (data.items.length === 0 ? empty : children(data.items))}
      <More pages={pages} what={what} />
    </>
  );
}
