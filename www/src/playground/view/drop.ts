// What is dropped anywhere on the page is taken in.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { takeFiles, takeIn } from './take-in';

/** A text that is dragged into a field is the field's, a secret above all. */
const isForField = ({ target, dataTransfer }: DragEvent): boolean =>
  target instanceof Element && target.closest('input, textarea') !== null && dataTransfer?.types.includes('Files') !== true;

/** Whether something is held over the page that could be dropped. */
export const dropping = signal(false);

/** Takes in what is dropped anywhere on the page. */
export function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.some((type) => type === 'Files' || type === 'text/plain') !== true || isForField(event)) return;
      event.preventDefault();
      dropping.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) dropping.value = false;
    };
    const drop = (event: DragEvent) => {
      dropping.value = false;
      if (isForField(event)) return;
      const files = event.dataTransfer?.files ?? [];
      const text = event.dataTransfer?.getData('text/plain') ?? '';
      if (files.length === 0 && text === '') return;
      event.preventDefault();
      if (files.length === 0) void takeIn(text);
      else void takeFiles(files);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
}
