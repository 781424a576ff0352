// The pages in a real Chromium, served by the real server. A page that complains, breaks its policy or asks anybody but
// its own server fails the test, whatever else it shows.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { withServer } from '../clients/server.mjs';
import { launchChromium } from '../e2e/chromium.mjs';
import { faint } from './contrast.mjs';

export { publish, until, withReceiver, withServer } from '../clients/server.mjs';

/** How long a test may take. */
export const TIMEOUT = 120_000;
/** How long one step may take: much longer than it ever does, since the machine may be busy. */
const PATIENCE = 20_000;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
export const viewports = { PHONE, DESK };

const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

let browser;
let close;

before(async () => {
  const args = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  ({ browser, close } = await launchChromium(chromium, { args, timeout: TIMEOUT }));
}, { timeout: TIMEOUT });

after(async () => close?.(), { timeout: TIMEOUT });

/** A server for all tests of a file: its address, and what stops it. */
export async function startServer(config = '') {
  let stop;
  const stopped = new Promise((resolve) => (stop = resolve));
  let ended;
  const base = await new Promise((resolve, reject) => {
    ended = withServer(config, async (address) => {
      resolve(address);
      await stopped;
    }).catch(reject);
  });
  return {
    base,
    async stop() {
      stop();
      await ended;
    },
  };
}

/**
 * Opens a URL in a browser context of its own and gives `use` the page. Everything the page complains of fails the test
 * in the end, but for messages that match one of `expected`: a browser reports each answer of 4xx or 5xx as an error.
 */
export async function withPage(url, use, { colorScheme = 'light', viewport = DESK, expected = [], ...options } = {}) {
  const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE);
  const complaints = [];
  const complain = (text) => expected.some((pattern) => pattern.test(text)) || complaints.push(text);
  const origin = new URL(url).origin;
  await context.exposeFunction('reportViolation', (text) => complain(text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
      globalThis.reportViolation(`policy: ${violatedDirective} ${blockedURI} ${sample}`);
    });
  });
  context.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && asked !== origin) complain(`a request to ${request.url()}`);
  });
  context.on('page', (page) => {
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(`console: ${message.text()} (${message.location().url})`));
    page.on('pageerror', (error) => complain(`error: ${error.stack ?? error}`));
  });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await use(page, context);
    assert.deepEqual(complaints, []);
  } catch (error) {
    if (complaints.length > 0) error.message += `\nThe page complained: ${complaints.join('\n')}`;
    throw error;
  } finally {
    await context.close();
  }
}

/**
 * Holds what the page shows now against axe's rules: nothing serious may be wrong with it, nor be what axe cannot decide
 * by itself, but for contrasts, which are computed then, and buttons that show a sign and no text.
 */
export async function accessible(page, what) {
  // The driver's own way in: the page's policy lets no other script run.
  await page.evaluate(axe);
  const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
  const undecided = incomplete.filter(({ id }) => id !== 'color-contrast' && id !== 'label-content-name-mismatch');
  const serious = [...violations, ...undecided].filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html, any, all, none }) => `  ${html}\n    ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`).join('\n')}`);
  const contrasts = incomplete.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes.flatMap(({ target }) => target));
  told.push(...(await page.evaluate(faint, contrasts)));
  assert.equal(told.join('\n'), '', `${what} is not accessible`);
}

/** Holds that nothing is wider than the page. */
export async function fits(page, what) {
  const { scrolled, shown } = await page.evaluate(() => ({ scrolled: document.documentElement.scrollWidth, shown: document.documentElement.clientWidth }));
  assert.ok(scrolled <= shown, `${what} is ${scrolled} px wide on ${shown} px`);
}

/** Takes a picture for people to look at, into the folder that SIGPOST_PICTURES names; without it, none. */
export async function picture(page, name) {
  const folder = process.env.SIGPOST_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Signs in to the console that is shown. */
export async function signIn(page, token) {
  await page.getByLabel('Token', { exact: true }).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Console' }).waitFor();
}
