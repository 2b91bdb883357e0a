import { Writable } from 'node:stream';
import { writeAll } from '../write-all.ts';

/**
 * Replaces process.stdout and process.stderr by streams that write to the descriptors as they are. Node's own set
 * O_NONBLOCK on pipes and sockets when they are first used, which starting a worker thread does; the recorded program
 * shares the open file description, and would get EAGAIN.
 */
export function leaveStandardStreamsBlocking(): void {
  for (const [name, descriptor] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const stream = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        writeAll(descriptor, chunk);
        done();
      },
    });
    Object.defineProperty(process, name, { value: stream, configurable: true });
  }
}
