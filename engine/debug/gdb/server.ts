/** Waits for a debugger, and serves one at a time: the replay has one position. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { EngineError } from '../../errors.ts';
import { printMessage } from '../../log.ts';
import { Connection } from './connection.ts';
import { framePacket } from './packet.ts';
import type { SessionOptions } from './session.ts';

/** Where to wait. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string /** 0: any that is free. */; readonly port: number }
  /** A Unix socket: only who may enter its folder can connect. */
  | { readonly kind: 'unix'; readonly path: string };

export interface ServerOptions extends Omit<SessionOptions, 'print'> {
  readonly address: Address;
}

/** Milliseconds in which a client that has gone away is noticed, on a machine with much else to do. */
const leavesWithin = 200;

/** A debugger that is connected. */
interface Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Nothing runs on its behalf any more. */
  readonly served: Promise<void>;
  readonly done: () => void;
}

export class DebugServer {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #waiting: ((client: Client) => void)[] = [];
  readonly #arrived: Client[] = [];
  #current: Client | undefined;

  private constructor(server: Server, options: ServerOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** @throws EngineError CANNOT_LISTEN: the port is in use, or is not ours to use */
  static async listen(options: ServerOptions): Promise<DebugServer> {
    const server = createServer();
    const { address } = options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(address, cause)));
      server.once('listening', resolve);
      if (address.kind === 'unix') server.listen(address.path);
      else server.listen(address.port, address.host);
    });
    return new DebugServer(server, options);
  }

  /** The port, once one was picked. */
  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : (address satisfies AddressInfo).port;
  }

  /** Serves the next client until it is done. */
  async serveOne(): Promise<void> {
    const client = this.#arrived.shift() ?? (await new Promise<Client>((resolve) => this.#waiting.push(resolve)));
    const connection = new Connection(client.socket, this.#options);
    try {
      await connection.serve();
    } finally {
      this.#current = undefined;
      client.done();
    }
  }

  close(): void {
    this.#server.close();
    this.#current?.socket.destroy();
  }

  #accept(socket: Socket): void {
    const before = this.#current;
    if (before === undefined) this.#admit(socket);
    else void this.#admitAfter(before, socket);
  }

  /**
   * Who connects after another has gone away is told of before that one's end is: nothing orders the two. And a replay
   * that runs for who has gone takes a moment to stop. So the new one waits for the other's end; who is still there is
   * there for longer.
   */
  async #admitAfter(before: Client, socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    await Promise.race([before.closed, setTimeout(leavesWithin)]);
    if (before.socket.closed) await before.served;
    if (this.#current === undefined) {
      if (!socket.destroyed) this.#admit(socket);
      return;
    }
    printMessage('a second debugger was turned away: one at a time can look at a replay');
    socket.end(framePacket('E.another debugger is connected'));
  }

  #admit(socket: Socket): void {
    let done: () => void = () => undefined;
    const served = new Promise<void>((resolve) => {
      done = resolve;
    });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const client = { socket, closed, served, done };
    this.#current = client;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(client);
    else waiting(client);
  }
}

function listenError(address: Address, cause: NodeJS.ErrnoException): EngineError {
  if (address.kind === 'unix') {
    return new EngineError('CANNOT_LISTEN', `cannot listen at ${address.path}: ${cause.message}`, { cause });
  }
  const { host, port } = address;
  const where = `${host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new EngineError('CANNOT_LISTEN', `port ${port} is in use; name another with -s, or -s 0 for any`, {
        cause,
      });
    case 'EACCES':
      return new EngineError('CANNOT_LISTEN', `port ${port} is not for this user; name one above 1023`, { cause });
    case 'ENOTFOUND':
    case 'EADDRNOTAVAIL':
      return new EngineError('CANNOT_LISTEN', `cannot listen at ${where}: ${host} is not an address of this machine`, {
        cause,
      });
    default:
      return new EngineError('CANNOT_LISTEN', `cannot listen at ${where}: ${cause.message}`, { cause });
  }
}
