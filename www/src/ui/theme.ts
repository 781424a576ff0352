// Which colours somebody prefers: the one thing either page keeps in the browser unless it is asked to keep more.

import { effect, signal } from '@preact/signals';

const KEY = 'sigpost-theme';

export type Theme = 'system' | 'light' | 'dark';

export const theme = signal<Theme>(stored());

effect(() => {
  if (theme.value === 'system') {
    delete document.documentElement.dataset['theme'];
  } else {
    document.documentElement.dataset['theme'] = theme.value;
  }
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // A browser that keeps nothing forgets this too.
  }
});

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
