// What the tests of the playground share: its fields, and what it says of a request.

export const field = (page, name) => page.getByLabel(name, { exact: true });
export const verdict = (page) => page.locator('section[aria-label="Verdict"]').first();
export const says = (page, pattern) => verdict(page).getByText(pattern).first().waitFor();
