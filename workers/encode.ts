/** The task of an encoding worker: it takes slots until the ring is closed. An error travels as data, because the pool
 * would strip its class and code. */
import { type EncoderStatistics, type EncoderTask, SlotEncoder } from '../engine/trace/slot-encoder.ts';
import { TraceError, type TraceErrorCode } from '../engine/trace/trace-error.ts';

export type EncodeResult =
  | { readonly statistics: EncoderStatistics }
  | { readonly failure: { readonly code: TraceErrorCode; readonly file: string; readonly what: string } };

export default function encode(task: EncoderTask): EncodeResult {
  try {
    const encoder = new SlotEncoder(task);
    encoder.drain();
    encoder.flush();
    encoder.close();
    return { statistics: encoder.statistics };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { failure: { code: error.code, file: error.file, what: error.what } };
  }
}
