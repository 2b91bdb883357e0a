/**
 * Every packet that the server answers, by what it begins with, and what handles it: a packet that is named here and has no
 * handler does not compile. Others are answered with nothing, as the protocol has it.
 */
import { insertBreakpoint, removeBreakpoint } from './commands/breakpoints.ts';
import { catchSyscalls, passSignals, programSignals } from './commands/catching.ts';
import type { PacketHandler } from './commands/command.ts';
import { detach, kill, killProcess } from './commands/ending.ts';
import { hostInformation, stopAcknowledging, supportedFeatures } from './commands/features.ts';
import { hostFile } from './commands/host-files.ts';
import { readMemory, writeBinaryMemory, writeMemory } from './commands/memory.ts';
import { monitorCommand } from './commands/monitor.ts';
import { readOneRegister, readRegisters } from './commands/read-registers.ts';
import {
  continueBackward,
  continueForward,
  continueWithSignal,
  resumeActions,
  resumeWithActions,
  stepBackward,
  stepForward,
  stepWithSignal,
} from './commands/resume.ts';
import {
  extendedMode,
  isAttached,
  lastStop,
  place,
  restart,
  runProgram,
  symbolLookup,
} from './commands/session-state.ts';
import { threadLocalAddress } from './commands/thread-local.ts';
import { currentThread, firstThreads, furtherThreads, isAlive, selectThread, threadName } from './commands/threads.ts';
import { transfer } from './commands/transfer.ts';
import { writeOneRegister, writeRegisters } from './commands/write-registers.ts';

/** With the character that ends the name, where the protocol has one. */
const packetNames = [
  '!',
  '?',
  'bc',
  'bs',
  'c',
  'C',
  'D',
  'g',
  'G',
  'H',
  'k',
  'm',
  'M',
  'p',
  'P',
  'QCatchSyscalls:',
  'QPassSignals:',
  'QProgramSignals:',
  'QStartNoAckMode',
  'qAttached',
  'qC',
  'qGetTLSAddr:',
  'qHostInfo',
  'qRR.Place',
  'qRcmd,',
  'qSupported',
  'qSymbol:',
  'qThreadExtraInfo,',
  'qXfer:',
  'qfThreadInfo',
  'qsThreadInfo',
  'R',
  's',
  'S',
  'T',
  'vCont;',
  'vCont?',
  'vFile:',
  'vKill;',
  'vRun;',
  'X',
  'Z',
  'z',
] as const;
export type PacketName = (typeof packetNames)[number];

const handlers: Readonly<Record<PacketName, PacketHandler>> = {
  '!': extendedMode,
  '?': lastStop,
  bc: continueBackward,
  bs: stepBackward,
  c: continueForward,
  C: continueWithSignal,
  D: detach,
  g: readRegisters,
  G: writeRegisters,
  H: selectThread,
  k: kill,
  m: readMemory,
  M: writeMemory,
  p: readOneRegister,
  P: writeOneRegister,
  'QCatchSyscalls:': catchSyscalls,
  'QPassSignals:': passSignals,
  'QProgramSignals:': programSignals,
  QStartNoAckMode: stopAcknowledging,
  qAttached: isAttached,
  qC: currentThread,
  'qGetTLSAddr:': threadLocalAddress,
  qHostInfo: hostInformation,
  'qRR.Place': place,
  'qRcmd,': monitorCommand,
  qSupported: supportedFeatures,
  'qSymbol:': symbolLookup,
  'qThreadExtraInfo,': threadName,
  'qXfer:': transfer,
  qfThreadInfo: firstThreads,
  qsThreadInfo: furtherThreads,
  R: restart,
  s: stepForward,
  S: stepWithSignal,
  T: isAlive,
  'vCont;': resumeWithActions,
  'vCont?': resumeActions,
  'vFile:': hostFile,
  'vKill;': killProcess,
  'vRun;': runProgram,
  X: writeBinaryMemory,
  Z: insertBreakpoint,
  z: removeBreakpoint,
};

/** Packets of these families have names of several characters: a name of one is not the beginning of theirs. */
const families: ReadonlySet<string> = new Set(['q', 'Q', 'v', 'b']);
const longestFirst = [...packetNames].sort((one, other) => other.length - one.length);

/** The handler of a packet, and the length of its name. */
export function findPacket(body: Buffer): { name: PacketName; handler: PacketHandler } | undefined {
  const text = body.subarray(0, 20).toString('latin1');
  const first = text.slice(0, 1);
  const name = families.has(first)
    ? longestFirst.find((each) => text.startsWith(each) && !continues(each, text))
    : longestFirst.find((each) => each === first);
  return name === undefined ? undefined : { name, handler: handlers[name] };
}

/** Whether the packet's name goes on behind that: `qC` is not the beginning of `qCRC:`. */
function continues(name: string, text: string): boolean {
  return /[a-zA-Z]$/.test(name) && /^[a-zA-Z]/.test(text.slice(name.length));
}
