// The deliveries that are shown, the newest first. Pages are appended at the old end and what happens at the new one, both
// in constant time, because each end is an array of its own that grows at its end. While somebody reads further down, what
// is new is held back, so that nothing moves under their eyes; what changes is changed in its place.

import type { Row } from './row';

/** How many new ones are held back; of more only the ids are known, and showing them loads the list anew. */
const MOST_HELD = 1_000;
/** How many there are in the list at most. */
export const MOST = 20_000;
/** How many are counted that are not held back. Of any more nobody needs to know how many there are. */
const MOST_UNHELD = 100_000;

interface Cell {
  row: Row;
}

export class DeliveryList {
  /** What came after the first page, the oldest first. */
  readonly #newer: Cell[] = [];
  /** The pages, the newest first. */
  readonly #older: Cell[] = [];
  readonly #cells = new Map<string, Cell>();
  #held: Cell[] = [];
  readonly #unheld = new Set<string>();

  get count(): number {
    return this.#newer.length + this.#older.length;
  }

  /** How many are new and not shown. */
  get held(): number {
    return this.#held.length + this.#unheld.size;
  }

  /** How many came after the first page: a line keeps its number less this when new ones appear above. */
  get newer(): number {
    return this.#newer.length;
  }

  at(index: number): Row | undefined {
    const { length } = this.#newer;
    return (index < length ? this.#newer[length - 1 - index] : this.#older[index - length])?.row;
  }

  /** A page, older than all before it. What the stream told already is only brought up to date. */
  append(rows: readonly Row[]): void {
    for (const row of rows) {
      if (!this.#update(row)) this.#older.push(this.#cell(row));
    }
  }

  /** What has become of one. Of those that are not here, nothing is kept. */
  renew(row: Row): void {
    this.#update(row);
  }

  /** The newest that is here: shown, or held back. */
  newest(): Row | undefined {
    let newest: Row | undefined;
    for (const { row } of this.#cells.values()) {
      if (newest === undefined || row.madeAt > newest.madeAt) newest = row;
    }
    return newest;
  }

  /**
   * The newest ones, loaded once more after a gap; `whole` if these are all there are. False if they do not reach down to
   * what was the newest before the gap, so that some may lie between: what was told since then is above those.
   */
  meet(rows: readonly Row[], whole: boolean, before: Row | undefined, hold: boolean): boolean {
    const reaches = before !== undefined && rows.some(({ id, madeAt }) => id === before.id || madeAt < before.madeAt);
    if (!whole && !reaches) return false;
    for (const row of [...rows].reverse()) {
      if (!this.#update(row)) this.#add(row, hold);
    }
    return true;
  }

  /**
   * What the stream tells of a delivery. `belongs` says whether it is one of those that are shown; one that is shown
   * already stays, whatever becomes of it.
   */
  tell(row: Row, belongs: boolean, hold: boolean, complete: boolean): void {
    if (this.#update(row) || !belongs) return;
    const oldest = this.#older.at(-1) ?? this.#newer[0];
    // It will come with a later page.
    if (!complete && oldest !== undefined && row.madeAt < oldest.row.madeAt) return;
    this.#add(row, hold);
  }

  /** Shows what was held back. False if there was more than was kept: the list must be loaded anew. */
  release(): boolean {
    if (this.#unheld.size > 0) return false;
    const held = this.#held;
    this.#held = [];
    for (const cell of held) this.#place(cell);
    return true;
  }

  clear(): void {
    this.#newer.length = 0;
    this.#older.length = 0;
    this.#cells.clear();
    this.#held = [];
    this.#unheld.clear();
  }

  #cell(row: Row): Cell {
    const cell = { row };
    this.#cells.set(row.id, cell);
    return cell;
  }

  #update(row: Row): boolean {
    const cell = this.#cells.get(row.id);
    // What is told late must not undo what came after it. Without another attempt, only what is pending becomes another.
    if (cell !== undefined && (row.attempts > cell.row.attempts || (row.attempts === cell.row.attempts && cell.row.state === 'pending'))) cell.row = row;
    return cell !== undefined;
  }

  #add(row: Row, hold: boolean): void {
    if (!hold) this.#place(this.#cell(row));
    else if (this.#held.length < MOST_HELD) this.#held.push(this.#cell(row));
    else if (this.#unheld.size < MOST_UNHELD) this.#unheld.add(row.id);
  }

  /** Nearly always the newest of all. */
  #place(cell: Cell): void {
    const { madeAt } = cell.row;
    const first = this.#older[0];
    if (first !== undefined && madeAt < first.row.madeAt) {
      let [low, high] = [0, this.#older.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        const at = this.#older[middle];
        if (at !== undefined && at.row.madeAt > madeAt) low = middle + 1;
        else high = middle;
      }
      this.#older.splice(low, 0, cell);
      return;
    }
    let at = this.#newer.length;
    for (let before = this.#newer[at - 1]; before !== undefined && before.row.madeAt > madeAt; before = this.#newer[at - 1]) at -= 1;
    this.#newer.splice(at, 0, cell);
  }
}
