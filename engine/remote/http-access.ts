/**
 * A content-addressed store over HTTP: GET, HEAD and PUT of `cas/SHA256`, as build caches and WebDAV serve it; and the same
 * of `traces/NAME`, where the server has room for that.
 */
import type { Access } from './access.ts';
import { tracesFolder } from './access.ts';
import { type HttpAnswer, type HttpClient, plain } from './http-client.ts';
import { netrcLogin } from './netrc.ts';
import { RemoteError } from './remote-error.ts';

/** Bytes of a list of traces. */
const mostListBytes = 32 << 20;

type Environment = Readonly<Record<string, string | undefined>>;

/** @param address http: or https: */
export function httpAccess(address: URL, environment: Environment = process.env): Access {
  const base = new URL(address);
  base.username = '';
  base.password = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const authorization = authorizationFor(address, environment);
  const urlOf = (path: string): URL => new URL(path, base);
  return {
    name: plain(base),
    urlOf,
    // A server that redirects elsewhere does not send the password there.
    authorize: async ({ url }) => (authorization === undefined || url.origin !== base.origin ? {} : { authorization }),
    checksContent: false,
    list: (client) => list(client, urlOf(`${tracesFolder}/`)),
  };
}

/** What the address has, else RR_REMOTE_TOKEN, else ~/.netrc. */
function authorizationFor(address: URL, environment: Environment): string | undefined {
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  if (address.username !== '' || address.password !== '') {
    return basic(decodeURIComponent(address.username), decodeURIComponent(address.password));
  }
  if (environment.RR_REMOTE_TOKEN) return `Bearer ${environment.RR_REMOTE_TOKEN}`;
  const login = netrcLogin(address.hostname, environment);
  return login && basic(login.user, login.password);
}

/** As nginx lists a folder in JSON, or any server in HTML; else as WebDAV does (RFC 4918, 9.1). */
async function list(client: HttpClient, url: URL): Promise<string[]> {
  const got = await client.send(
    { method: 'GET', url, headers: { accept: 'application/json, text/html' } },
    mostListBytes,
  );
  if (got.status === 200) return namesIn(got, url);
  const found = await client.send({ method: 'PROPFIND', url, headers: { depth: '1' } }, mostListBytes);
  if (found.status === 207) return hrefs(found.body.toString(), /<(?:\w+:)?href>([^<]*)<\/(?:\w+:)?href>/gi, url);
  if (got.status === 401 || got.status === 403) {
    const what = `it does not let us list (HTTP ${got.status}): give user and password, or pull by name`;
    throw new RemoteError('REMOTE_REFUSED', `${plain(url)}: ${what}`);
  }
  const what = `nothing was pushed there, or it lists nothing (HTTP ${got.status}): pull by the name that push has printed`;
  throw new RemoteError('REMOTE_NOT_FOUND', `${plain(url)}: ${what}`);
}

function namesIn({ headers, body }: HttpAnswer, url: URL): string[] {
  const text = body.toString();
  if (!/json/.test(headers['content-type'] ?? '')) return hrefs(text, /\bhref\s*=\s*"([^"]*)"/gi, url);
  try {
    const entries: unknown = JSON.parse(text);
    if (!Array.isArray(entries)) throw new SyntaxError('no list');
    return entries.flatMap((each: { name?: unknown }) => (typeof each?.name === 'string' ? [each.name] : []));
  } catch (cause) {
    throw new RemoteError('REMOTE_WRONG', `${plain(url)}: what it lists is no JSON`, { cause });
  }
}

/** Names of what lies in the folder itself, of links to it. */
function hrefs(text: string, pattern: RegExp, url: URL): string[] {
  return [...text.matchAll(pattern)].flatMap(([, link = '']) => {
    const unescaped = link.replaceAll('&amp;', '&');
    if (!URL.canParse(unescaped, url.href)) return [];
    const { pathname, origin, search } = new URL(unescaped, url);
    const name = pathname.startsWith(url.pathname) ? pathname.slice(url.pathname.length) : '';
    if (origin !== url.origin || search !== '' || name === '' || name.includes('/')) return [];
    return [decoded(name)];
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
