// Next.js: an application that it builds and starts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

import { here, project, run } from './project.mjs';

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };

const CONFIG = `export default { turbopack: { root: ${JSON.stringify(here)} }, outputFileTracingRoot: ${JSON.stringify(here)} };`;

/** Builds an application with these files. Returns its folder. */
export async function build(test, files, flags) {
  // Below the folder of the tools, since Next.js and React must be found from the application.
  const root = await project(test, { 'next.config.mjs': CONFIG, ...files }, here);
  await run(process.execPath, [next, 'build', ...flags], { cwd: root, env });
  return root;
}

/** Starts what was built, to the end of the test, with these in its environment. Returns where it listens. */
export async function start(test, root, secrets = {}) {
  const options = { cwd: root, env: { ...env, ...secrets }, stdio: ['ignore', 'pipe', 'inherit'] };
  const child = spawn(process.execPath, [next, 'start', '-p', '0', '-H', '127.0.0.1'], options);
  const exited = once(child, 'exit');
  test.after(async () => {
    child.kill();
    await exited;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = line.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    if (url) {
      // What it says from here on nobody reads, and none of it may wait for that.
      child.stdout.resume();
      return url;
    }
  }
  throw new Error('`next start` ended and named no address');
}
