// The console's deliveries against the real server and real receivers: they arrive as they happen, tell all there is to
// tell, are sent again, replayed and counted; and ten thousand of them scroll.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';

import { ADA, CONFIG, HOSTILE, ask, attemptsIn, create, deliveredIn, grid, json, live, paid, publishBatch, rows, seen, watch } from './console-deliveries.mjs';
import { TIMEOUT, accessible, fits, picture, publish, signIn, until, viewports, withPage, withReceiver, withServer } from './harness.mjs';

/** Milliseconds from which on a task is long: whoever waits for it notices. */
const LONG_TASK = 50;

test('a delivery arrives while somebody watches, and tells all there is to tell', { timeout: TIMEOUT }, async () => {
  let broken = true;
  const answer = () => (broken ? { status: 500, body: '{"error":"<b>no</b>"}', headers: json } : { status: 200, body: 'thanks' });
  await withReceiver(answer, (url, requests) => withServer(CONFIG('["0s", "12s", "12s", "12s"]'), async (base) => {
    const { secret } = await create(base, url);
    await withPage(`${base}/console#/deliveries`, async (page, context) => {
      await signIn(page, ADA);
      await page.getByText('Nothing was delivered yet').waitFor();
      await live(page);
      await accessible(page, 'no deliveries');
      await paid(base);
      await rows(page).filter({ hasText: 'order.paid' }).filter({ hasText: 'Retrying' }).filter({ hasText: '500' }).waitFor();

      await grid(page).focus();
      await page.keyboard.press('Enter');
      const sheet = page.getByRole('dialog', { name: 'Delivery' });
      await sheet.getByText('Next attempt in').waitFor();
      const before = await sheet.locator('.countdown strong').textContent();
      await page.waitForFunction((was) => document.querySelector('.countdown strong')?.textContent !== was, before);
      await sheet.getByText('Something broke in the receiver').waitFor();
      assert.equal(await sheet.getByRole('region', { name: 'Body of the response' }).textContent(), '{"error":"<b>no</b>"}');
      const sent = requests[0].body;
      assert.equal(await sheet.getByRole('region', { name: 'Body of the request' }).textContent(), sent, 'the raw bytes');
      await sheet.getByRole('button', { name: 'Lay out the JSON' }).first().click();
      assert.equal(await sheet.getByRole('region', { name: 'Body of the request' }).textContent(), JSON.stringify(JSON.parse(sent), null, 2));
      const headers = await sheet.getByRole('region', { name: 'Headers of the request' }).textContent();
      assert.match(headers, /webhook-signature/);
      assert.ok(headers.includes(requests[0].headers['webhook-signature']), headers);
      await accessible(page, 'a delivery');
      await picture(page, 'delivery-retrying');

      const link = sheet.getByRole('link', { name: /Open in the playground/ });
      const href = await link.getAttribute('href');
      const shared = JSON.parse(inflateRawSync(Buffer.from(href.replace('./#v1.', ''), 'base64url')));
      assert.deepEqual([shared.mode, shared.scheme], ['verify', 'standard-webhooks']);
      assert.deepEqual(shared.request.headers.find(([name]) => name === 'webhook-signature')[1], requests[0].headers['webhook-signature']);
      assert.ok(!href.includes(secret) && !JSON.stringify(shared).includes(secret), 'the secret is not in the link');
      assert.equal(await link.getAttribute('target'), '_blank');
      const [playground] = await Promise.all([context.waitForEvent('page'), link.click()]);
      await playground.getByLabel('Secret', { exact: true }).fill(secret);
      await playground.getByText(/Genuine: the signature matches/).first().waitFor();
      await playground.getByLabel('Body', { exact: true }).fill(sent.replace('"n":1', '"n":2'));
      await playground.getByText(/Not genuine/).first().waitFor();
      await playground.close();
      await page.bringToFront();

      // The retry arrives by itself, up to half a minute after its time.
      broken = false;
      await sheet.getByText(/Taken by the receiver after \d attempts/).waitFor({ timeout: 60_000 });
      await sheet.getByRole('group', { name: 'Attempt' }).getByRole('button').first().click();
      await sheet.getByText('Something broke in the receiver').waitFor();

      const attempts = requests.length;
      await sheet.getByRole('button', { name: 'Resend' }).click();
      await sheet.getByText('Sent again: the receiver took it').waitFor();
      assert.equal(requests.length, attempts + 1);
      assert.equal(requests.at(-1).headers['webhook-id'], requests[0].headers['webhook-id']);
      await sheet.getByRole('link', { name: 'Open the new delivery' }).click();
      await sheet.getByText('Taken by the receiver at the first attempt').waitFor();
      await page.keyboard.press('Escape');
      await sheet.waitFor({ state: 'detached' });
      assert.equal(await rows(page).count(), 2);
      await rows(page).first().getByText('Resend').waitFor();
      assert.equal(await grid(page).evaluate((element) => element === document.activeElement), true, 'focus is back in the list');
    });
  }));
});

test('filters stand in the address, are asked of the server and decide what arrives', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 200 }), (url) => withReceiver(() => ({ status: 500 }), (bad) => withServer(CONFIG(), async (base) => {
    const good = await create(base, url, 'Good');
    await create(base, bad, 'Bad');
    await paid(base);
    await until('both are listed', async () => (await ask(base, '/v1/deliveries')).deliveries.length === 2);
    await withPage(`${base}/console#/deliveries?success=true`, async (page) => {
      await signIn(page, ADA);
      await live(page);
      await rows(page).filter({ hasText: 'Good' }).waitFor();
      assert.equal(await rows(page).count(), 1);
      await paid(base);
      await page.waitForFunction(() => document.querySelectorAll('.deliveries-rows [role=row]').length === 2);
      assert.equal(await rows(page).filter({ hasText: 'Bad' }).count(), 0);
      await page.getByLabel('Latest attempt').selectOption('Failed');
      await rows(page).filter({ hasText: 'Bad' }).first().waitFor();
      assert.match(page.url(), /#\/deliveries\?success=false$/);
      await page.getByLabel('Webhook').selectOption({ label: 'Good' });
      await page.getByText('No delivery matches').waitFor();
      await accessible(page, 'no match');
      assert.ok(page.url().includes(good.id));
      await page.getByLabel('Latest attempt').selectOption('All');
      await page.getByLabel('Event type').fill('order.none');
      await page.keyboard.press('Tab');
      await page.getByText('No delivery matches').waitFor();
      await page.goBack();
      await rows(page).nth(1).waitFor();
      await page.getByRole('button', { name: 'Clear', exact: true }).click();
      await rows(page).nth(3).waitFor();
      assert.match(page.url(), /#\/deliveries$/);
    });
  })));
});

for (const colorScheme of ['light', 'dark']) {
  test(`hostile texts are texts, and the list is accessible and fits a phone (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    await withReceiver(() => ({ status: 422, body: HOSTILE, headers: { 'x-told': HOSTILE } }), (url) => withServer(CONFIG(), async (base) => {
      await create(base, `${url}/?q=${encodeURIComponent(HOSTILE)}`, HOSTILE);
      await publish(base, ADA, { id: HOSTILE, type: HOSTILE, data: HOSTILE });
      await withPage(`${base}/console#/deliveries`, async (page) => {
        await signIn(page, ADA);
        await rows(page).filter({ hasText: HOSTILE }).waitFor();
        await accessible(page, 'the list');
        await picture(page, `deliveries-${colorScheme}`);
        await rows(page).getByRole('link').click();
        const sheet = page.getByRole('dialog', { name: 'Delivery' });
        await sheet.getByText('x-told').waitFor();
        assert.equal(await page.locator('img').count(), 0);
        await accessible(page, 'a delivery');
        await picture(page, `delivery-${colorScheme}`);
        await page.setViewportSize(viewports.PHONE);
        await fits(page, 'a delivery');
        await picture(page, `delivery-phone-${colorScheme}`);
        await page.keyboard.press('Escape');
        await rows(page).first().waitFor();
        await fits(page, 'the list');
        await accessible(page, 'the list on a phone');
        await picture(page, `deliveries-phone-${colorScheme}`);
      }, { colorScheme });
    }));
  });
}

test('what a webhook missed is counted, replayed under the eyes of whoever asked, and can be cancelled', { timeout: TIMEOUT }, async () => {
  const receiver = { status: 500, slow: false };
  await withSlowReceiver(receiver, (url) => withServer(CONFIG('[]'), async (base) => {
    await create(base, url);
    await publishBatch(base, 0, 40);
    await until('all are exhausted', async () => (await attemptsIn(base)).failed >= 40);
    await withPage(`${base}/console#/deliveries`, async (page) => {
      await signIn(page, ADA);
      await rows(page).nth(5).waitFor();
      await page.getByLabel('Webhook').selectOption({ label: 'Orders' });
      await rows(page).nth(5).waitFor();
      await page.getByRole('link', { name: 'Replay…' }).click();
      await page.getByText('Nothing was replayed yet').waitFor();
      assert.equal(await page.getByLabel('Webhook').locator('option:checked').textContent(), 'Orders', 'the filter came along');
      await accessible(page, 'a new replay');
      const begin = page.getByRole('button', { name: 'Begin the replay…' });
      assert.equal(await begin.isDisabled(), true, 'nothing is counted yet');
      await page.getByLabel('Event types').fill('order.paid');
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('There is nothing to send again').waitFor();
      assert.equal(await begin.isDisabled(), true);
      await page.getByLabel('Event types').fill('');
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('40 deliveries would be sent again').waitFor();

      receiver.status = 204;
      await begin.click();
      const confirm = page.getByRole('dialog', { name: 'Begin the replay?' });
      await confirm.getByText('40 deliveries', { exact: true }).waitFor();
      await accessible(page, 'beginning a replay');
      await confirm.getByRole('button', { name: 'Send 40 deliveries again' }).click();
      const replay = page.getByRole('article', { name: 'Replay of Orders' });
      await replay.getByText('40 delivered').waitFor();
      await replay.getByText('Done', { exact: true }).waitFor();
      await accessible(page, 'a replay that is done');

      // One that takes its time is cancelled.
      receiver.slow = true;
      await page.getByLabel('Delivered', { exact: true }).check();
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('40 deliveries would be sent again').waitFor();
      await begin.click();
      await page.getByRole('button', { name: 'Send 40 deliveries again' }).click();
      const running = replay.filter({ hasText: 'Running' });
      await running.getByRole('progressbar').waitFor();
      await accessible(page, 'a replay that runs');
      await picture(page, 'replays');
      await running.getByRole('button', { name: 'Cancel…' }).click();
      await page.getByRole('button', { name: 'Cancel the replay', exact: true }).click();
      await replay.filter({ hasText: 'Cancelled' }).waitFor();
      const { replays } = await ask(base, '/v1/replays');
      assert.deepEqual(replays.map(({ state }) => state), ['cancelled', 'done']);
      receiver.slow = false;
      await page.setViewportSize(viewports.PHONE);
      await fits(page, 'replays');
      await accessible(page, 'replays on a phone');
      await picture(page, 'replays-phone');
    });
  }));
});

for (const colorScheme of ['light', 'dark']) {
  test(`the charts say what the API counts (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    await withReceiver((request) => ({ status: request % 4 === 0 ? 500 : 200 }), (url) => withServer(CONFIG('[]'), async (base) => {
      const { id } = await create(base, url);
      await withPage(`${base}/console#/stats`, async (page) => {
        await signIn(page, ADA);
        await page.getByText('No attempts in the last 24 hours').waitFor();
        await accessible(page, 'no attempts');
        await publishBatch(base, 0, 20);
        await until('all are attempted', async () => (await attemptsIn(base)).failed + (await attemptsIn(base)).succeeded >= 20);
        // They are shown by themselves.
        await page.getByText('75.0 % of 20 attempts succeeded, 5 failed').waitFor();
        await page.getByRole('img', { name: /^Success rate/ }).waitFor();
        await page.getByRole('img', { name: /^Latency/ }).waitFor();

        const { steps } = await ask(base, `/v1/webhooks/${id}/stats?step=15m`);
        const [step] = steps.filter(({ succeeded, failed }) => succeeded + failed > 0);
        const cells = await page.getByRole('table').getByRole('row').nth(1).getByRole('cell').allTextContents();
        const words = (milliseconds) => (milliseconds >= 1_000 ? `${milliseconds / 1_000} s` : `${milliseconds} ms`);
        assert.deepEqual(cells, ['75.0 %', '15', '5', words(step.latency.p50), words(step.latency.p95), words(step.latency.p99), `${step.latency.mean.toFixed(1)} ms`]);
        await accessible(page, 'statistics');
        await picture(page, `stats-${colorScheme}`);

        // The keyboard reads out another step; the table is there for whoever wants it.
        await page.getByLabel('Read out a step').focus();
        const read = await page.locator('.reading').textContent();
        assert.match(read, /75\.0 % succeeded \(15 of 20\)/);
        await page.keyboard.press('ArrowLeft');
        await page.getByText('no attempts', { exact: false }).first().waitFor();
        await page.getByRole('button', { name: 'Show the table of figures' }).click();
        await page.getByRole('columnheader', { name: 'p95' }).waitFor();
        await page.getByLabel('Range').selectOption('7d');
        await page.getByText('75.0 % of 20 attempts succeeded').waitFor();
        assert.match(page.url(), /range=7d/);
        await accessible(page, 'statistics of a week');
        await page.setViewportSize(viewports.PHONE);
        await fits(page, 'statistics');
        await picture(page, `stats-phone-${colorScheme}`);
      }, { colorScheme });
    }));
  });
}

test('a lost connection is made again, and what happened meanwhile is not missed', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), (base) => withLine(base, async (line) => {
    await create(base, url);
    await withPage(`${line.base}/console#/deliveries`, async (page) => {
      await signIn(page, ADA);
      await live(page);
      await paid(base);
      await rows(page).first().waitFor();
      line.cut();
      await page.locator('.live', { hasText: 'Reconnecting…' }).waitFor();
      await paid(base);
      await until('it is delivered', async () => (await deliveredIn(base)) >= 2);
      assert.equal(await rows(page).count(), 1);
      line.mend();
      await page.waitForFunction(() => document.querySelectorAll('.deliveries-rows [role=row]').length === 2);
      await live(page);

      line.cut();
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.getByRole('alert').getByText('The server does not answer.').waitFor();
      await accessible(page, 'a server that does not answer');
      line.mend();
      await live(page);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.deliveries-rows [role=row]').length === 2);
      await paid(base);
      await page.waitForFunction(() => document.querySelectorAll('.deliveries-rows [role=row]').length === 3);
    }, { expected: [/ERR_/] });
  })));
});

test('a tab that nobody looks at lets go of the stream, and catches up when it is seen', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await withPage(`${base}/console`, async (page) => {
      await watch(page, base, 'deliveries');
      await live(page);
      await seen(page, false);
      await page.clock.fastForward(30_000);
      await seen(page, true);
      await page.clock.fastForward(60_000);
      await live(page);
      await seen(page, false);
      await page.clock.fastForward(61_000);
      await page.locator('.live', { hasText: 'Paused' }).waitFor();
      await paid(base);
      await until('it is delivered', async () => (await deliveredIn(base)) >= 1);
      assert.equal(await rows(page).count(), 0);
      await seen(page, true);
      await rows(page).first().waitFor();
      await live(page);
    });
  }));
});

test('whoever’s token ends signs in again where they were, and goes on', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await publishBatch(base, 0, 250);
    await until('all are delivered', async () => (await deliveredIn(base)) >= 250);
    const { token, id } = await ask(base, '/v1/tokens', { name: 'brief', expires_in: '1h' });
    await withPage(`${base}/console#/deliveries?state=delivered`, async (page) => {
      await signIn(page, token);
      await live(page);
      await rows(page).nth(5).waitFor();
      await fetch(`${base}/v1/tokens/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${ADA}` } });
      await page.evaluate(() => (document.querySelector('.deliveries').scrollTop = 42 * 80));
      const again = page.getByRole('dialog', { name: 'Sign in again' });
      await again.waitFor();
      await again.getByLabel('Token', { exact: true }).fill(ADA);
      await again.getByRole('button', { name: 'Sign in' }).click();
      await again.waitFor({ state: 'detached' });
      await page.getByText('200 deliveries loaded').waitFor();
      assert.equal(await page.evaluate(() => document.querySelector('.deliveries').scrollTop), 42 * 80, 'nothing has moved');
      assert.match(page.url(), /state=delivered$/);
      await live(page);
    }, { expected: [/401/] });
  }));
});

test('ten thousand deliveries arrive and scroll without jank', { timeout: 4 * TIMEOUT }, async (context) => {
  const many = 10_000;
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await withPage(`${base}/console#/deliveries`, async (page) => {
      await signIn(page, ADA);
      await page.getByText('Nothing was delivered yet').waitFor();
      await live(page);
      const arriving = await frames(page, async () => {
        for (let batch = 0; batch < many / 1_000; batch += 1) await publishBatch(base, batch, 1_000);
        await until('all are delivered', async () => (await deliveredIn(base)) >= many);
        await page.waitForTimeout(500);
      });
      context.diagnostic(`arriving: ${told(arriving)}`);
      assert.ok(isSmooth(arriving), told(arriving));
      assert.ok(arriving.rows < 80, told(arriving));

      await page.getByRole('button', { name: 'Reload' }).click();
      await rows(page).nth(10).waitFor();
      const scrolling = await frames(page, () => scrollDown(page, many));
      context.diagnostic(`scrolling: ${told(scrolling)}`);
      assert.ok(isSmooth(scrolling), told(scrolling));
      assert.ok(scrolling.rows < 80, told(scrolling));
      assert.equal(await page.getByText('10,000 deliveries').count(), 1);

      // Whoever reads further down is not moved, only told.
      const before = await rows(page).first().textContent();
      await paid(base);
      await page.getByRole('button', { name: '1 new: show it' }).waitFor();
      assert.equal(await rows(page).first().textContent(), before);
      await page.getByRole('button', { name: '1 new: show it' }).click();
      await page.waitForFunction(() => document.querySelector('.deliveries').scrollTop === 0);
      await page.waitForFunction(() => document.querySelector('.deliveries-rows [aria-rowindex="2"]')?.textContent.includes('order.paid'));
      await grid(page).focus();
      await page.keyboard.press('End');
      await page.waitForFunction(() => document.querySelector('.delivery[aria-selected="true"]')?.getAttribute('aria-rowindex') === '10002');
      await page.keyboard.press('Home');
      await page.waitForFunction(() => document.querySelector('.delivery[aria-selected="true"]')?.getAttribute('aria-rowindex') === '2');
      await accessible(page, 'ten thousand deliveries');
    });
  }));
});

test('on a slow network the page says that it loads, and finishes', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await publishBatch(base, 0, 300);
    await until('all are delivered', async () => (await deliveredIn(base)) >= 300);
    await withPage(`${base}/console#/webhooks`, async (page, context) => {
      await signIn(page, ADA);
      const network = await context.newCDPSession(page);
      await network.send('Network.enable');
      await network.send('Network.emulateNetworkConditions', { offline: false, latency: 600, downloadThroughput: 30_000, uploadThroughput: 30_000 });
      await page.getByRole('link', { name: 'Deliveries' }).click();
      await page.getByText('Loading deliveries…').waitFor();
      await accessible(page, 'loading');
      await rows(page).nth(5).waitFor();
      await scrollDown(page, 300);
      await rows(page).last().getByRole('link').click();
      await page.getByText('Loading the delivery…').waitFor();
      await page.getByText('Taken by the receiver at the first attempt').waitFor();
    });
  }));
});

/** A line to a server that can be cut and mended. */
async function withLine(base, use) {
  const sockets = new Set();
  let whole = true;
  const server = createTcpServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(new URL(base).port, '127.0.0.1');
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => undefined).on('close', () => (sockets.delete(socket), other.destroy()));
    }
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  try {
    await use({ base: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (whole = true) });
  } finally {
    cut();
    server.close();
  }
}

/** A receiver that answers with `how.status`, while it is slow only after seconds. */
async function withSlowReceiver(how, use) {
  const server = createServer((request, response) => {
    request.resume();
    const { status, slow } = how;
    request.on('end', () => setTimeout(() => response.writeHead(status).end(), slow ? 4_000 : 0));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * What the page was like while something happened: its longest tasks, its frames, and the most rows there were. Tasks are
 * measured in the time that the processor spent on them, since on a busy machine a task that does little may still wait long.
 */
async function frames(page, use) {
  await page.evaluate(() => {
    const seen = (globalThis.seen = { frames: [], rows: 0, on: true });
    let last;
    const frame = (now) => {
      if (last !== undefined) seen.frames.push(now - last);
      last = now;
      seen.rows = Math.max(seen.rows, document.querySelectorAll('.deliveries-rows [role=row]').length);
      if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await use();
  const tasks = tasksOf(JSON.parse(await browser.stopTracing())).sort((a, b) => b - a);
  assert.ok(tasks.length > 100, `${tasks.length} tasks were seen`);
  const seen = await page.evaluate(() => {
    globalThis.seen.on = false;
    return globalThis.seen;
  });
  const sorted = seen.frames.sort((a, b) => a - b);
  return { tasks: tasks.slice(0, 3), frames: sorted.length, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0, slowest: sorted.at(-1) ?? 0, rows: seen.rows };
}

/** How many milliseconds of the processor each task of a page's main thread took. */
function tasksOf({ traceEvents }) {
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`);
  return traceEvents.filter(({ name, tdur, pid, tid }) => name === 'RunTask' && tdur !== undefined && mains.includes(`${pid} ${tid}`)).map(({ tdur }) => tdur / 1_000);
}

/** No task is long, but that once the collection of garbage, or the host of a virtual machine, may stand in the way. */
const isSmooth = ({ tasks: [longest, second] }) => second < LONG_TASK && longest < 2 * LONG_TASK;

const told = ({ tasks, frames: number, p95, slowest, rows: most }) =>
  `longest tasks ${tasks.map((task) => task.toFixed(0)).join(', ')} ms; ${number} frames, 95 % within ${p95.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms; ${most} rows at most`;

/** Scrolls a page's height a frame, as far as there is something, until that many rows have been seen. */
async function scrollDown(page, many) {
  await page.evaluate((rowsInAll) => new Promise((resolve) => {
    const list = document.querySelector('.deliveries');
    const step = () => {
      list.scrollTop += list.clientHeight * 0.8;
      const last = [...document.querySelectorAll('.deliveries-rows [role=row]')].at(-1)?.getAttribute('aria-rowindex');
      if (Number(last) >= rowsInAll + 1 && list.scrollTop + list.clientHeight >= list.scrollHeight - 1) resolve();
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }), many);
}
