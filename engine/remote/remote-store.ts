/** A remote store: content by its SHA-256, and traces by their names. All that comes is compared with what was asked for. */
import { hashOf } from '../trace/store-layout.ts';
import { type Access, contentFolder, tracesFolder } from './access.ts';
import { httpAccess } from './http-access.ts';
import { type HttpAnswer, HttpClient, plain } from './http-client.ts';
import { RemoteError } from './remote-error.ts';
import { s3Access } from './s3-access.ts';

/** Milliseconds without a byte, where nothing else is said. */
const defaultTimeout = 30_000;

/** Content is cut into portions of so many bytes, each an object of its own: a transfer goes on where it was cut off. */
export const portionBytes = 8 << 20;

export interface Content {
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

export class RemoteStore implements Disposable {
  readonly name: string;
  readonly #access: Access;
  readonly #client: HttpClient;

  private constructor(access: Access, timeout: number) {
    this.name = access.name;
    this.#access = access;
    this.#client = new HttpClient(access.authorize, timeout);
  }

  /** @param address http://, https:// or s3://BUCKET/PREFIX. @throws RemoteError REMOTE_URL */
  static open(address: string | undefined, timeout = defaultTimeout): RemoteStore {
    if (address === undefined || address === '') {
      throw new RemoteError('REMOTE_URL', 'which store? name its address, or set RR_REMOTE');
    }
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return new RemoteStore(httpAccess(url), timeout);
    if (url?.protocol === 's3:') return new RemoteStore(s3Access(url), timeout);
    throw new RemoteError('REMOTE_URL', `${address}: expected http://..., https://... or s3://BUCKET/PREFIX`);
  }

  /** Whether content of that name and size is there. @throws RemoteError */
  async has({ hash, size }: Content): Promise<boolean> {
    const answer = await this.#send('HEAD', contentPath(hash));
    if (answer.status === 404) return false;
    this.#check(answer, contentPath(hash), [200, 204]);
    const { 'content-length': length } = answer.headers;
    // What was cut off while it was put is put again.
    return length === undefined || Number(length) === size;
  }

  /** Puts content, and looks whether it is there then. @throws RemoteError */
  async put(hash: string, bytes: Uint8Array): Promise<void> {
    await this.#put(contentPath(hash), bytes);
    if (this.#access.checksContent || (await this.has({ hash, size: bytes.length }))) return;
    throw new RemoteError(
      'REMOTE_FAILED',
      `${this.#shown(contentPath(hash))}: it took the content, and does not have it`,
    );
  }

  /** @throws RemoteError, REMOTE_NOT_FOUND and REMOTE_WRONG among them */
  async get({ hash, size }: Content): Promise<Buffer> {
    return this.#verified(hash, await this.#get(contentPath(hash), size), size);
  }

  /** Content whose size is not known. @throws RemoteError */
  async getAny(hash: string, most: number): Promise<Buffer> {
    return this.#verified(hash, await this.#get(contentPath(hash), most), undefined);
  }

  /** What lies under a trace's name. @throws RemoteError */
  getTrace(name: string, most: number): Promise<Buffer> {
    return this.#get(`${tracesFolder}/${encodeURIComponent(name)}`, most);
  }

  /** @throws RemoteError */
  putTrace(name: string, bytes: Uint8Array): Promise<void> {
    return this.#put(`${tracesFolder}/${encodeURIComponent(name)}`, bytes);
  }

  /** Names of traces, sorted; what cannot be one is left out. @throws RemoteError */
  async list(): Promise<string[]> {
    const names = await this.#access.list(this.#client);
    return [...new Set(names)].filter(isRemoteName).sort();
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  async #put(path: string, bytes: Uint8Array): Promise<void> {
    const answer = await this.#send('PUT', path, bytes);
    this.#check(answer, path, [200, 201, 202, 204]);
  }

  async #get(path: string, most: number): Promise<Buffer> {
    const answer = await this.#send('GET', path, undefined, most);
    this.#check(answer, path, [200]);
    return answer.body;
  }

  #verified(hash: string, bytes: Buffer, size: number | undefined): Buffer {
    const isWhole = size === undefined || bytes.length === size;
    if (isWhole && hashOf(bytes) === hash) return bytes;
    const what = isWhole
      ? 'what it gave is not what the hash says'
      : `it gave ${bytes.length} bytes instead of ${size}`;
    throw new RemoteError('REMOTE_WRONG', `${this.#shown(contentPath(hash))}: ${what}`);
  }

  #send(method: 'GET' | 'HEAD' | 'PUT', path: string, body?: Uint8Array, most = 0): Promise<HttpAnswer> {
    const url = this.#access.urlOf(path);
    return this.#client.send({ method, url, headers: {}, ...(body === undefined ? {} : { body }) }, most);
  }

  #shown(path: string): string {
    return plain(this.#access.urlOf(path));
  }

  /** @throws RemoteError */
  #check({ status }: HttpAnswer, path: string, good: readonly number[]): void {
    if (good.includes(status)) return;
    const place = this.#shown(path);
    if (status === 401 || status === 403) {
      const what =
        'the server does not let us in; name user and password by ~/.netrc or RR_REMOTE_TOKEN, or AWS_ variables';
      throw new RemoteError('REMOTE_REFUSED', `${place}: HTTP ${status}: ${what}`);
    }
    if (status === 404) throw new RemoteError('REMOTE_NOT_FOUND', `${place}: not there (HTTP 404)`);
    const what =
      status === 507 ? 'the server has no room' : status === 413 ? 'too large for the server' : 'the server failed';
    throw new RemoteError('REMOTE_FAILED', `${place}: HTTP ${status}: ${what}`);
  }
}

function contentPath(hash: string): string {
  return `${contentFolder}/${hash}`;
}

/** Names as push makes them. */
export function isRemoteName(name: string): boolean {
  return /^[\w+-][\w.+-]{0,254}$/.test(name);
}
