// The runtime of Cloudflare's Workers, with a worker as its tools bundle it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

import { build } from 'esbuild';

import { filesBelow } from './project.mjs';

/** The program itself: beside it stands a script that would start it. */
const workerd = createRequire(import.meta.url)('workerd').default;

/** A worker that was bundled, served to the end of the test with these texts as its `env`. Returns where it listens. */
export async function serve(test, bundle, date, flags = [], secrets = {}) {
  const files = (await filesBelow(bundle)).filter((path) => !path.endsWith('.capnp'));
  const modules = files.map((path) => {
    const kind = path.endsWith('.wasm') ? 'wasm' : 'esModule';
    return [kind, `(name = "${basename(path)}", ${kind} = embed "${basename(path)}")`];
  });
  // The first is the one that is run.
  modules.sort(([one], [other]) => Number(one === 'wasm') - Number(other === 'wasm'));
  const bindings = Object.entries(secrets).map(([name, text]) => `(name = "${name}", text = "${text}")`);
  await writeFile(join(bundle, 'config.capnp'), `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .worker)],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
    );
    const worker :Workerd.Worker = (
      modules = [${modules.map(([, module]) => module).join(', ')}],
      compatibilityDate = "${date}",
      compatibilityFlags = ${JSON.stringify(flags)},
      bindings = [${bindings.join(', ')}],
    );`);
  const child = spawn(workerd, ['serve', join(bundle, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  test.after(async () => {
    child.kill();
    await exited;
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const listening = once(createInterface({ input: child.stdio[3] }), 'line');
  const line = await Promise.race([listening, exited.then(() => undefined)]);
  assert.ok(line, `workerd ended: ${said}`);
  return `http://127.0.0.1:${JSON.parse(line[0]).port}`;
}

/** Bundles the worker as the tools for workerd do. Returns the folder. */
export async function bundled(root, conditions) {
  const outdir = join(root, 'bundle');
  const loader = { '.wasm': 'copy' };
  const external = ['node:*'];
  await build({ entryPoints: [join(root, 'worker.mjs')], outdir, conditions, loader, external, bundle: true, format: 'esm' });
  return outdir;
}
