/** What the trace keeps of a signal, for `$_siginfo`. */
import { dataSpaces, eventKinds } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';

/** As the kernel has it on x86-64 (asm-generic/siginfo.h). */
const siginfoSize = 128;
/** SIGTRAP, and TRAP_TRACE of asm-generic/siginfo.h. */
const trap = { number: 5, code: 2 } as const;

/** siginfo_t as a tracer finds it at a stop that is no signal of the program's: that of a step. */
export function trapInformation(): Uint8Array {
  const info = new Uint8Array(siginfoSize);
  const view = new DataView(info.buffer);
  view.setInt32(0, trap.number, true);
  view.setInt32(8, trap.code, true);
  return info;
}

/**
 * siginfo_t of the signal that an event brings to a task; undefined where it is no signal, or another task's. A trace that
 * tells less than a siginfo_t leaves zeros behind the number.
 * @throws TraceError
 */
export function readSignalInfo(reader: TraceReader, event: number, tid: number): Uint8Array | undefined {
  if (event < 1 || event > reader.lastEvent) return undefined;
  reader.seek(event);
  if (!reader.next()) return undefined;
  const { frame } = reader;
  if (frame.eventKind !== eventKinds.signal || frame.tid !== tid) return undefined;
  const info = new Uint8Array(siginfoSize);
  new DataView(info.buffer).setInt32(0, frame.number, true);
  for (let record = reader.nextData(); record !== undefined; record = reader.nextData()) {
    if (record.space === dataSpaces.signalInfo) info.set(record.payload.subarray(0, siginfoSize));
  }
  return info;
}
