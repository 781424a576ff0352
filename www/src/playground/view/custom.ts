// A scheme of somebody's own as a form: every field a text, what is signed as a template like `v0:{timestamp}:{body}`, in
// which `{{` is a brace of the text. Whether it makes sense is said in `custom-problems.ts`.

import { schemes } from 'sigpost';
import type { Part, PresetName, Scheme } from 'sigpost';

export interface CustomForm {
  readonly name: string;
  readonly header: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly prefix: string;
  readonly separator: '' | ' ' | ',';
  readonly template: string;
  readonly idHeader: string;
  readonly timestampHeader: string;
  readonly timestampPrefix: string;
  readonly weakerHeader: string;
  readonly tolerance: string;
  readonly body: 'raw' | 'canonical';
  readonly key: 'whole' | 'base64' | 'standard-webhooks';
}

export const EMPTY_CUSTOM: CustomForm = {
  name: 'custom',
  header: 'x-signature',
  algorithm: 'hmac-sha256',
  encoding: 'hex',
  prefix: '',
  separator: '',
  template: '{body}',
  idHeader: '',
  timestampHeader: '',
  timestampPrefix: '',
  weakerHeader: '',
  tolerance: '',
  body: 'raw',
  key: 'whole',
};

/** The scheme of a form. What was left empty is not there. */
export function schemeOfForm(form: CustomForm): Scheme {
  const texts = { prefix: form.prefix, idHeader: form.idHeader.trim().toLowerCase(), timestampHeader: form.timestampHeader.trim().toLowerCase(), timestampPrefix: form.timestampPrefix, weakerHeader: form.weakerHeader.trim().toLowerCase() };
  const tolerance = form.tolerance.trim();
  return {
    name: form.name.trim(),
    header: form.header.trim().toLowerCase(),
    algorithm: form.algorithm,
    encoding: form.encoding,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(form.separator === '' ? {} : { separator: form.separator }),
    signed: partsOf(form.template),
    ...(tolerance === '' ? {} : { tolerance: Number(tolerance) }),
    body: form.body,
    key: form.key,
  };
}

/** A scheme in the form, to begin with or to change. */
export function formOfScheme(scheme: Scheme): CustomForm {
  const { name, header, algorithm, encoding, prefix, separator, signed, idHeader, timestampHeader, timestampPrefix, weakerHeader, tolerance, body, key } = scheme;
  return {
    ...EMPTY_CUSTOM,
    name,
    header,
    algorithm: algorithm ?? 'hmac-sha256',
    encoding: encoding ?? 'hex',
    prefix: prefix ?? '',
    separator: separator ?? '',
    template: (signed ?? ['body']).map((part) => (typeof part === 'object' ? part.text.replaceAll('{', '{{') : `{${part}}`)).join(''),
    idHeader: idHeader ?? '',
    timestampHeader: timestampHeader ?? '',
    timestampPrefix: timestampPrefix ?? '',
    weakerHeader: weakerHeader ?? '',
    tolerance: tolerance === undefined ? '' : String(tolerance),
    body: body ?? 'raw',
    key: key ?? 'whole',
  };
}

/** The form of somebody who begins with what a preset does. */
export const formOfPreset = (name: PresetName): CustomForm => ({ ...formOfScheme(schemes[name]), name: 'custom' });

/** The parts of a template: `{id}`, `{timestamp}`, `{body}`, and what stands between them. */
export function partsOf(template: string): readonly Part[] {
  const parts: Part[] = [];
  for (const [, name, text = ''] of template.matchAll(/\{(id|timestamp|body)\}|(\{\{|[^])/gu)) {
    const last = parts.at(-1);
    const more = text === '{{' ? '{' : text;
    if (name === 'id' || name === 'timestamp' || name === 'body') parts.push(name);
    else if (typeof last === 'object') parts[parts.length - 1] = { text: last.text + more };
    else parts.push({ text: more });
  }
  return parts;
}
