/**
 * HTTP/1.1 as a store's client needs it: several connections that are kept, bodies of bounded size, and an end to every
 * wait. A server is not believed: what it sends is counted, and redirects are followed a few times only.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { RemoteError } from './remote-error.ts';

export type Method = 'GET' | 'HEAD' | 'PUT' | 'PROPFIND';

export interface HttpRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty for HEAD. */
  readonly body: Buffer;
}

/** Gives a request what it needs to be let in: headers for that very URL. */
export type Authorize = (request: HttpRequest) => Promise<Readonly<Record<string, string>>>;

const mostRedirects = 5;
const redirects = [301, 302, 303, 307, 308];
/** Milliseconds before each further try of what may pass. */
const pauses = [200, 1000];
/** An answer that says that another try may do better: too many requests, a gateway without its server, and the like. */
const passing = [408, 429, 500, 502, 503, 504];
/** Of what a server says about its failure. */
const mostErrorBytes = 64 << 10;

export class HttpClient implements Disposable {
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  };
  readonly #authorize: Authorize;
  readonly #timeout: number;

  /** @param timeout milliseconds without a byte, either way */
  constructor(authorize: Authorize, timeout: number) {
    this.#authorize = authorize;
    this.#timeout = timeout;
  }

  /**
   * The answer to a request, whatever its status.
   * @param most bytes of its body
   * @throws RemoteError REMOTE_UNREACHABLE, REMOTE_WRONG, REMOTE_FAILED for redirects without an end
   */
  async send(request: HttpRequest, most: number): Promise<HttpAnswer> {
    for (let failures = 0; ; failures++) {
      const pause = pauses[failures];
      try {
        const answer = await this.#follow(request, most);
        if (pause === undefined || !passing.includes(answer.status)) return answer;
      } catch (error) {
        if (pause === undefined || !(error instanceof RemoteError) || !error.isPassing) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #follow(request: HttpRequest, most: number): Promise<HttpAnswer> {
    let { url } = request;
    for (let count = 0; count <= mostRedirects; count++) {
      const answer = await this.#once({ ...request, url }, most);
      const { location } = answer.headers;
      if (!redirects.includes(answer.status) || location === undefined) return answer;
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (next === undefined || !(next.protocol in this.#agents)) {
        throw new RemoteError('REMOTE_FAILED', `${plain(url)}: it redirects to what is no HTTP address`);
      }
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new RemoteError('REMOTE_FAILED', `${plain(url)}: it redirects to an address without TLS`);
      }
      url = next;
    }
    throw new RemoteError('REMOTE_FAILED', `${plain(request.url)}: it redirects more than ${mostRedirects} times`);
  }

  async #once(request: HttpRequest, most: number): Promise<HttpAnswer> {
    const { method, url, body } = request;
    const headers: Record<string, string> = {
      ...request.headers,
      'accept-encoding': 'identity',
      ...(body === undefined ? {} : { 'content-length': `${body.length}`, 'content-type': 'application/octet-stream' }),
      ...(await this.#authorize(request)),
    };
    const isSecure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const fail = (what: string, cause?: unknown): void => {
        outgoing.destroy();
        reject(new RemoteError('REMOTE_UNREACHABLE', `${plain(url)}: ${what}`, { cause, isPassing: true }));
      };
      const outgoing = (isSecure ? httpsRequest : httpRequest)(
        url,
        { method, headers, agent: isSecure ? this.#agents['https:'] : this.#agents['http:'], timeout: this.#timeout },
        (incoming) => {
          incoming.on('error', (error) => fail(`the answer breaks off: ${reasonOf(error)}`, error));
          readBody(incoming, (incoming.statusCode ?? 0) < 300 ? most : Math.max(most, mostErrorBytes)).then(
            (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: single(incoming), body: bytes }),
            (error: unknown) => {
              outgoing.destroy();
              reject(new RemoteError('REMOTE_WRONG', `${plain(url)}: ${(error as Error).message}`, { cause: error }));
            },
          );
        },
      );
      outgoing.on('timeout', () => fail(`no answer for ${this.#timeout / 1000} s`));
      outgoing.on('error', (error) => fail(reasonOf(error), error));
      outgoing.end(body);
    });
  }

  [Symbol.dispose](): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** @throws Error for a longer one. A body that breaks off is the caller's: the stream has an error of its own. */
function readBody(incoming: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    incoming.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > most) reject(new Error(`the answer has more than the ${most} bytes that were asked for`));
      else pieces.push(piece);
    });
    incoming.on('end', () => resolve(Buffer.concat(pieces)));
  });
}

function single(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  // Of several addresses each has an error of its own, and the whole none.
  return error.message === '' ? (code ?? error.name) : error.message;
}

/** An address without what lets one in. */
export function plain(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.search = '';
  return shown.href;
}
