/** Goes to what came of it: the verdict and its steps, or what was signed. */
export const toResult = (): void => document.getElementById('result')?.focus();
