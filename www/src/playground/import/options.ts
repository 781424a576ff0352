// The options of curl: whether each takes a value, and what it means for the request.

export interface Option {
  readonly takes: boolean;
  readonly act: Act;
}

type Act =
  | 'url' | 'method' | 'head' | 'get' | 'header' | 'user' | 'bearer' | 'agent' | 'referer' | 'range' | 'cookie'
  | 'data' | 'raw' | 'urlencode' | 'json'
  /** It changes nothing of what is sent. */
  | 'nothing'
  | { readonly note: string };

const note = (text: string): Act => ({ note: text });

const VALUES: Readonly<Record<string, Act>> = {
  'X request': 'method',
  url: 'url',
  'H header': 'header',
  'd data data-ascii data-binary': 'data',
  'data-raw': 'raw',
  'data-urlencode': 'urlencode',
  json: 'json',
  'u user': 'user',
  'oauth2-bearer': 'bearer',
  'A user-agent': 'agent',
  'e referer': 'referer',
  'r range': 'range',
  'b cookie': 'cookie',
  'F form form-string': note('curl makes a boundary of its own for every multipart body, so its bytes are not known. Paste the body by itself.'),
  'T upload-file': note('the body is in a file, which cannot be read here. Paste the body by itself.'),
  'K config': note('the options in that file cannot be read here.'),
  'url-query': note('what it adds to the URL was left out.'),
  'request-target': note('another path than the URL’s was left out.'),
  'aws-sigv4': note('the signature that curl would add was left out.'),
  'expand-data expand-header expand-url variable': note('variables of curl are not put in place here.'),
  'o output m max-time x proxy w write-out c cookie-jar D dump-header E cert C continue-at Q quote t telnet-option y speed-time Y speed-limit z time-cond': 'nothing',
  'P ftp-port U proxy-user connect-timeout cacert capath cert-type key key-type pass ciphers tls13-ciphers tls-max resolve connect-to interface': 'nothing',
  'retry retry-delay retry-max-time limit-rate max-redirs max-filesize noproxy proto proto-default proto-redir stderr trace trace-ascii local-port': 'nothing',
  'keepalive-time expect100-timeout dns-servers doh-url unix-socket abstract-unix-socket output-dir happy-eyeballs-timeout-ms parallel-max rate preproxy socks4': 'nothing',
  'socks4a socks5 socks5-hostname proxy-header proxy-cert proxy-key pinnedpubkey crlfile engine random-file curves alt-svc hsts netrc-file delegation create-file-mode': 'nothing',
};

const FLAGS: Readonly<Record<string, Act>> = {
  'I head': 'head',
  'G get': 'get',
  'digest ntlm negotiate anyauth': note('the authorization that curl would send is not known.'),
  'n netrc netrc-optional': note('the authorization in a file cannot be read here.'),
  'compressed s silent S show-error k insecure L location location-trusted v verbose i include show-headers f fail fail-with-body N no-buffer g globoff': 'nothing',
  'j junk-session-cookies q disable O remote-name J remote-header-name R remote-time a append B use-ascii l list-only p proxytunnel Z parallel M manual h help V version': 'nothing',
  '0 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only http0.9 1 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 2 sslv2 3 sslv3 4 ipv4 6 ipv6 # progress-bar': 'nothing',
  'no-progress-meter basic path-as-is raw tcp-nodelay no-keepalive no-alpn no-sessionid styled-output no-styled-output no-compressed retry-all-errors retry-connrefused': 'nothing',
  'create-dirs remote-name-all ssl-no-revoke ssl ssl-reqd cert-status tr-encoding proxy-insecure post301 post302 post303 fail-early trace-time trace-ids no-clobber': 'nothing',
};

const OPTIONS: ReadonlyMap<string, Option> = new Map([...listed(VALUES, true), ...listed(FLAGS, false)]);

/** An option by its letter or its long name, if it is known. */
export const optionOf = (name: string): Option | undefined => OPTIONS.get(name);

function listed(acts: Readonly<Record<string, Act>>, takes: boolean): [string, Option][] {
  return Object.entries(acts).flatMap(([names, act]) => names.split(' ').map((name): [string, Option] => [name, { takes, act }]));
}
