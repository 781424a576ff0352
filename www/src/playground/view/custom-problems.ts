// What makes no sense in a scheme of somebody's own, field by field. The rules are the package's, which says the same of the
// scheme as a whole once a request is verified; tests hold the two against each other.

import type { Part, Scheme } from 'sigpost';

import { LONGEST_TOLERANCE } from '../form';
import { schemeOfForm } from './custom';
import type { CustomForm } from './custom';

/** By field: what would be right. */
export type Problems = { readonly [Field in keyof CustomForm]?: string | undefined };

const NAME = /^[a-z\d_-]{1,64}$/;
const HEADER = /^[a-z\d!#$%&'*+.^_`|~-]{1,256}$/;
const TEXT = /^[ -~]{1,256}$/;
const TEXTS = '1 to 256 printable characters of ASCII';
const PARTS = 16;

/** What is to be mended before the form is a scheme. */
export function problemsOf(form: CustomForm): Problems {
  const scheme = schemeOfForm(form);
  const problems: Problems = {
    name: NAME.test(scheme.name) ? undefined : 'Up to 64 lower-case letters, digits, hyphens and underscores.',
    ...headerProblems(scheme),
    template: templateProblem(scheme.signed ?? []),
    prefix: form.prefix === '' ? undefined : entryProblem(form.prefix, form.separator),
    timestampPrefix: timestampPrefixProblem(form, scheme.signed?.includes('timestamp') === true),
    tolerance: toleranceProblem(form),
  };
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem !== undefined));
}

function headerProblems({ header, idHeader, timestampHeader, timestampPrefix, weakerHeader, signed = [] }: Scheme): Problems {
  const problem = (name: string | undefined, ...before: readonly (string | undefined)[]) => {
    if (name === undefined) return undefined;
    if (!HEADER.test(name)) return 'The name of a header, such as x-signature.';
    return before.includes(name) ? 'This header is used for something else already.' : undefined;
  };
  return {
    header: problem(header),
    idHeader: problem(idHeader, header) ?? signedProblem('id', signed.includes('id'), idHeader !== undefined),
    timestampHeader:
      problem(timestampHeader, header, idHeader) ?? (timestampPrefix === undefined ? signedProblem('timestamp', signed.includes('timestamp'), timestampHeader !== undefined) : undefined),
    weakerHeader: problem(weakerHeader, header, idHeader, timestampHeader),
  };
}

/** What is signed stands somewhere in the request, and the other way round. */
function signedProblem(part: 'id' | 'timestamp', isSigned: boolean, isThere: boolean): string | undefined {
  if (isSigned === isThere) return undefined;
  return isSigned ? `{${part}} is signed: say where it stands.` : `Nothing of it is signed: put {${part}} into what is signed, or leave this empty.`;
}

function templateProblem(parts: readonly Part[]): string | undefined {
  if (parts.filter((part) => part === 'body').length !== 1) return 'The body is signed once: write {body} once.';
  if (parts.length > PARTS) return `At most ${PARTS} parts.`;
  let separated = true;
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'object') {
      if (!TEXT.test(part.text)) return `Each text is ${TEXTS}.`;
      separated ||= /[^a-z\d]/i.test(part.text);
    } else if (parts.indexOf(part) !== index) {
      return `Each part is signed once: write {${part}} once.`;
    } else if (!separated) {
      return 'Where one part ends and the next begins cannot be told: put a text such as a dot between them.';
    } else {
      separated = false;
    }
  }
  return undefined;
}

/** HTTP takes the space off that a header begins with, and the separator ends an entry. */
function entryProblem(text: string, separator: string): string | undefined {
  if (!TEXT.test(text) || text.startsWith(' ')) return `${TEXTS}, and no space at the beginning.`;
  return separator !== '' && text.includes(separator) ? 'It holds what separates the list.' : undefined;
}

function timestampPrefixProblem({ timestampPrefix: own, timestampHeader, prefix, separator }: CustomForm, isSigned: boolean): string | undefined {
  if (own === '') return undefined;
  if (timestampHeader.trim() !== '') return 'The time stands in the list or in a header of its own, not in both: leave one empty.';
  if (separator === '') return 'There is no list: say what separates it.';
  if (prefix.startsWith(own) || own.startsWith(prefix)) return 'It cannot be told from the signature: give each a prefix that the other does not begin with.';
  return entryProblem(own, separator) ?? signedProblem('timestamp', isSigned, true);
}

function toleranceProblem({ tolerance, timestampHeader, timestampPrefix }: CustomForm): string | undefined {
  const text = tolerance.trim();
  if (text === '') return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) > LONGEST_TOLERANCE) return 'A whole number of seconds; empty for 300.';
  return timestampHeader.trim() === '' && timestampPrefix === '' ? 'No time is signed that could be too old: leave this empty.' : undefined;
}
