// What every project does with the package, whatever runs it: one request, judged by each entry.

import { VerificationError, Verifier, canonicalize } from 'sigpost';
import { canonicalize as alone } from 'sigpost/canonical';
import { VerificationError as Same, verify } from 'sigpost/verify';

const SECRET = 'a secret of the tests';

// Where it stands in most applications: beside the handler, made when the file is loaded.
const verifier = new Verifier('immuta', SECRET, { body: 'canonical' });

/** The event, or the code of the error; of any other error all that it says. */
function judged(use) {
  try {
    return use().event;
  } catch (error) {
    return error instanceof VerificationError ? error.code : `${error} ${error.cause}`;
  }
}

/** What the entries make of a request. */
export function outcome(headers, body) {
  return {
    whole: judged(() => verifier.verify(headers, body)),
    part: judged(() => verify('qlik', SECRET, headers, body)),
    canonical: judged(() => ({ event: canonicalize(body) })),
    same: VerificationError === Same && canonicalize === alone,
  };
}
