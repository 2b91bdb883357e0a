/** A content-addressed store over HTTP in memory, which can be told to misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Without the leading slash. */
  readonly path: string;
  readonly body: Buffer;
}

/** Answers in the place of the server, and gives true; false: the server is to answer. */
export type Misbehave = (asked: Asked, response: ServerResponse) => boolean;

export class ContentServer implements AsyncDisposable {
  readonly objects = new Map<string, Buffer>();
  readonly asked: Asked[] = [];
  /** Requests that were open at the same time, at most. */
  mostAtOnce = 0;
  misbehave: Misbehave = () => false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #open = 0;

  static async start(): Promise<ContentServer> {
    const server = new ContentServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** How often something was asked for with that method. */
  count(method: string, prefix = ''): number {
    return this.asked.filter((each) => each.method === method && each.path.startsWith(prefix)).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.on('close', () => {
      this.#open -= 1;
    });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const asked = { method: request.method ?? '', path: (request.url ?? '').slice(1), body: Buffer.concat(pieces) };
    this.asked.push(asked);
    if (!this.misbehave(asked, response)) this.#behave(asked, response);
  }

  #behave({ method, path, body }: Asked, response: ServerResponse): void {
    if (method === 'PUT') {
      this.objects.set(path, body);
      response.writeHead(201).end();
      return;
    }
    if (path.endsWith('/') && method === 'GET') {
      const names = [...this.objects.keys()].filter((each) => each.startsWith(path));
      const links = names.map((each) => `<a href="${encodeURIComponent(each.slice(path.length))}">x</a>`);
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="../">up</a>${links.join('\n')}`);
      return;
    }
    const content = this.objects.get(path);
    if (content === undefined || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(content === undefined ? 404 : 405).end();
      return;
    }
    response.writeHead(200, { 'content-length': content.length });
    response.end(method === 'GET' ? content : undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
