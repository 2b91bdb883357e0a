/** Writing again what the recorded program wrote to standard output and error. */
import { EngineError } from '../errors.ts';
import { writeAll } from '../write-all.ts';

const flushAt = 1 << 16;

export interface EchoOptions {
  /** `-q` */
  readonly quiet: boolean;
  /** `-M` */
  readonly mark: boolean;
  /** Descriptor that takes both streams instead of our own standard output and error. */
  readonly output?: number;
}

/** Collects output and writes it in large pieces, in the order in which it came. */
export class Echo {
  private readonly options: EchoOptions;
  private readonly pending = Buffer.alloc(flushAt);
  private length = 0;
  private descriptor = 1;
  /** Bytes of what comes next that were given out before: by a replay that began again. */
  private given = 0;
  /** Bytes given out so far, both streams. */
  bytes = 0;
  /** Nothing is written for now: the replay is on its way to where somebody wants to look. */
  muted = false;
  /** Called before anything is written: something else may stand on the terminal's line. */
  beforeWrite: () => void = () => undefined;

  constructor(options: EchoOptions) {
    this.options = options;
  }

  get quiet(): boolean {
    return this.options.quiet || this.muted;
  }

  /** The replay begins again: what it wrote so far will come once more, and is not given out twice. */
  beginAgain(): void {
    this.flush();
    this.given = this.bytes;
    this.bytes = 0;
  }

  /** `-M`: tells whose bytes come next. */
  mark(descriptor: number, threadGroup: number, event: number): void {
    if (this.options.mark) this.write(descriptor, Buffer.from(`[rr ${threadGroup} ${event}]`));
  }

  /** @throws EngineError OUTPUT_CLOSED when nobody reads it any more, OUTPUT_FAILED for anything else */
  write(descriptor: number, bytes: Uint8Array): void {
    if (this.quiet || bytes.length === 0) return;
    if (this.given > this.bytes) {
      const known = Math.min(bytes.length, this.given - this.bytes);
      this.bytes += known;
      this.write(descriptor, bytes.subarray(known));
      return;
    }
    if (descriptor !== this.descriptor || this.length + bytes.length > flushAt) this.flush();
    this.descriptor = descriptor;
    this.bytes += bytes.length;
    if (bytes.length >= flushAt) {
      this.writeOut(bytes);
    } else {
      this.pending.set(bytes, this.length);
      this.length += bytes.length;
    }
  }

  flush(): void {
    if (this.length === 0) return;
    const length = this.length;
    this.length = 0;
    this.writeOut(this.pending.subarray(0, length));
  }

  private writeOut(bytes: Uint8Array): void {
    this.beforeWrite();
    const name = this.descriptor === 1 ? 'standard output' : 'standard error';
    let isOpen: boolean;
    try {
      isOpen = writeAll(this.options.output ?? this.descriptor, bytes);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new EngineError('OUTPUT_FAILED', `cannot write what the program wrote to ${name}: ${code}`, { cause });
    }
    if (!isOpen) {
      // As if SIGPIPE had ended it, which Node ignores.
      throw new EngineError('OUTPUT_CLOSED', `nobody reads ${name} any more: the replay ends`, { exitStatus: 141 });
    }
  }
}
