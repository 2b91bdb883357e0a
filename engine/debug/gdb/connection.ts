/** One client: takes its bytes, has packets answered one after the other, and ends when either side does. */
import type { Socket } from 'node:net';
import { EngineError } from '../../errors.ts';
import { logger } from '../../log.ts';
import { printableLines } from '../../printable.ts';
import { toHex } from './bytes.ts';
import { framePacket, type Incoming, PacketParser } from './packet.ts';
import { findPacket } from './packet-table.ts';
import { errorReply, PacketError, type Reply, unsupported } from './reply.ts';
import { DebugSession, type SessionOptions } from './session.ts';

const log = logger('debug');
const shownCharacters = 200;

export class Connection {
  readonly #socket: Socket;
  readonly #parser = new PacketParser();
  readonly #session: DebugSession;
  #last: Buffer = framePacket('');
  /** What the last packet waits for. */
  #work: Promise<void> = Promise.resolve();
  #open = true;

  constructor(socket: Socket, options: Omit<SessionOptions, 'print'>) {
    this.#socket = socket;
    this.#session = new DebugSession({ ...options, print: (text) => this.#print(text) });
    socket.setNoDelay(true);
  }

  /**
   * Serves the client until it goes away or says that it is done; nothing runs on its behalf any more then.
   * @throws whatever a handler threw that is a bug of ours
   */
  async serve(): Promise<void> {
    const gone = new Promise<void>((resolve, reject) => {
      this.#socket.on('data', (bytes) => {
        for (const incoming of this.#parser.feed(bytes)) this.#receive(incoming, reject);
      });
      this.#socket.on('error', (error) => log.info(`the debugger's connection: ${error.message}`));
      this.#socket.on('close', () => resolve());
      if (this.#socket.closed) resolve();
    });
    try {
      await gone;
    } finally {
      this.#open = false;
      if (this.#session.running) this.#session.target.interrupt();
      await this.#work;
      await this.#session.longCommand.giveUp();
      this.#session.files.closeAll();
      this.#socket.destroy();
    }
  }

  #receive(incoming: Incoming, fail: (error: unknown) => void): void {
    switch (incoming.kind) {
      case 'packet':
        if (this.#session.acknowledges) this.#socket.write('+');
        this.#work = this.#work.then(() => this.#handle(incoming.body)).catch(fail);
        return;
      case 'damaged':
        if (this.#session.acknowledges) this.#socket.write('-');
        else this.#send(errorReply('EINVAL'));
        return;
      case 'oversized':
        if (this.#session.acknowledges) this.#socket.write('+');
        this.#send(errorReply('EINVAL'));
        return;
      case 'resend':
        if (this.#session.acknowledges) this.#socket.write(this.#last);
        return;
      case 'interrupt':
        this.#session.interrupt();
        return;
      case 'acknowledged':
    }
  }

  async #handle(body: Buffer): Promise<void> {
    if (!this.#open) return;
    log.debug(() => `<- ${shown(body)}`);
    this.#send(await this.#answer(body));
    this.#parser.verifiesChecksums = this.#session.acknowledges;
    if (this.#session.ended) this.#socket.end();
  }

  async #answer(body: Buffer): Promise<Reply> {
    const found = findPacket(body);
    if (found === undefined) return unsupported;
    const bytes = body.subarray(found.name.length);
    this.#session.afterStepBack.packet(found.name);
    try {
      return await found.handler(this.#session, bytes.toString('latin1'), bytes);
    } catch (error) {
      if (error instanceof PacketError) {
        log.info(`${found.name}: ${error.message}`);
        return errorReply(error.errorName);
      }
      if (!(error instanceof EngineError)) throw error;
      log.info(`${found.name}: ${error.message}`);
      return errorReply('EIO');
    }
  }

  /** Console output, which a client takes while it waits for a stop. */
  #print(text: string): void {
    this.#send(`O${toHex(printableLines(text))}`);
  }

  #send(reply: Reply): void {
    log.debug(() => `-> ${shown(Buffer.from(reply as string, 'latin1'))}`);
    this.#last = framePacket(reply);
    if (this.#open) this.#socket.write(this.#last);
  }
}

/** As it is logged. */
function shown(body: Buffer): string {
  const text = body.toString('latin1').replace(/\p{Cc}/gu, '.');
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}... (${text.length})` : text;
}
