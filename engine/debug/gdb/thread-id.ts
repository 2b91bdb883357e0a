/** Thread ids of the protocol: `TID`, `pPID.TID` or `pPID`, hexadecimal; -1 means all, 0 any. */
import { parseHexNumber } from './bytes.ts';

export interface ThreadId {
  /** Undefined where the client left it out: the process that is looked at. */
  readonly process: number | undefined;
  readonly tid: number;
}

export const allThreads = -1;
export const anyThread = 0;

function parsePart(text: string): number | undefined {
  return text === '-1' ? allThreads : parseHexNumber(text);
}

/** Undefined for what is none. */
export function parseThreadId(text: string): ThreadId | undefined {
  const match = /^(?:p(-1|[0-9a-fA-F]+)(?:\.|$))?(-1|[0-9a-fA-F]+)?$/.exec(text);
  if (match === null) return undefined;
  const [, processText, tidText] = match;
  if (processText === undefined && tidText === undefined) return undefined;
  const process = processText === undefined ? undefined : parsePart(processText);
  const tid = tidText === undefined ? allThreads : parsePart(tidText);
  if (tid === undefined || (processText !== undefined && process === undefined)) return undefined;
  return { process, tid };
}

export function formatThreadId(process: number, tid: number): string {
  return `p${process.toString(16)}.${tid.toString(16)}`;
}
