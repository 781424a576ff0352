// A Chromium for the tests of a file, given the driver of whoever tests: each package of tests has its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Launches it. `close` ends it and removes all that it wrote, which is in no user's home. */
export async function launchChromium(chromium, { args = [], timeout }) {
  const executablePath = process.env.SIGPOST_CHROMIUM;
  if (!executablePath) {
    throw new Error('SIGPOST_CHROMIUM is not set: run `cargo xtask test`, or set it to the path of a Chromium');
  }
  const home = await mkdtemp(join(tmpdir(), 'sigpost-browser-'));
  // The driver writes there, too.
  process.env.TMPDIR = home;
  const browser = await chromium.launch({
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    executablePath,
    // Root has no sandbox to go into.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-gpu', ...args],
    timeout,
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
