/** Waits for a debugger, and serves one at a time: the replay has one position. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
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

export class DebugServer {
  readonly #server: Server;
  readonly #options: ServerOptions;
  readonly #waiting: ((socket: Socket) => void)[] = [];
  readonly #arrived: Socket[] = [];
  #current: Socket | undefined;

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
    const socket = this.#arrived.shift() ?? (await new Promise<Socket>((resolve) => this.#waiting.push(resolve)));
    const connection = new Connection(socket, this.#options);
    try {
      await connection.serve();
    } finally {
      this.#current = undefined;
    }
  }

  close(): void {
    this.#server.close();
    this.#current?.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#current !== undefined) {
      printMessage('a second debugger was turned away: one at a time can look at a replay');
      socket.on('error', () => socket.destroy());
      socket.end(framePacket('E.another debugger is connected'));
      return;
    }
    this.#current = socket;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(socket);
    else waiting(socket);
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
