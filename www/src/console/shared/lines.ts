// Lists as they are entered in a form: one item a line.

export const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);

export const sameItems = (some: readonly string[], others: readonly string[]) => some.length === others.length && some.every((item, index) => item === others[index]);
