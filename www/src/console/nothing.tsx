// What stands where there is nothing to see: at a place that is not there, and for a token that opens no view.

import { Button, Code } from '../ui/ui';
import { me, signOut } from './api/session';
import { href } from './route';

export function NothingHere() {
  return (
    <div class="stack">
      <h1>Nothing here</h1>
      <p>There is nothing at this place, or nothing that you may see. Choose another in the menu, or <a href={href([])}>begin at the first</a>.</p>
    </div>
  );
}

/** For users that only publish, or have no role at all. */
export function NothingToManage() {
  const who = me.value;
  const sends = who?.roles.includes('sender') === true;
  return (
    <div class="stack">
      <h1>{sends ? 'This token is for publishing' : 'This token opens nothing'}</h1>
      <p class="break">
        You are signed in as <strong>{who?.name}</strong>{who?.name !== who?.id && <> (<code>{who?.id}</code>)</>}
        {who?.tenant && <> of the tenant <strong>{who.tenant.name}</strong></>}.{' '}
        {sends
          ? 'Its role is sender: a program publishes events with it. Webhooks and what was delivered it does not see.'
          : 'It has no role: an admin of the tenant has to give it one.'}
      </p>
      <p>To manage webhooks here, sign in with the token of a user whose role is user or admin; an admin of the tenant makes one.</p>
      <div class="row"><Button kind="primary" onClick={signOut}>Sign in with another token</Button></div>
      {sends && (
        <>
          <h2>Publish with it</h2>
          <Code label="Command that publishes an event" text={command(who.tenant?.dialect)} />
          <p>The <a href="./docs/native#operation-publish" target="_blank" rel="noreferrer">API’s page ↗</a> says what an event is, and how many can be published at once.</p>
        </>
      )}
    </div>
  );
}

/** The token is named, not shown: it stands in no page. Immuta’s notifications have a form of their own. */
const command = (dialect: string | undefined) => `curl ${location.origin}/v1/events \\
  -H "authorization: Bearer $SIGPOST_TOKEN" \\
  -H 'content-type: application/cloudevents+json' \\
  -d '{"specversion":"1.0","id":"1","source":"/shop","type":"order.paid","data":${dialect === 'immuta' ? '{"text":"Paid","metadata":{}}' : '{"amount":1}'}}'`;
