import { trapInformation } from '../../signal-info.ts';
import { escapeBinary, parseHexNumber, toHex } from '../bytes.ts';
import { libraryList } from '../library-list.ts';
import { packetLimit } from '../packet.ts';
import { PacketError, type Reply, unsupported } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import { targetDescription } from '../x86-64/target-description.ts';
import { escapeXml } from '../xml.ts';
import type { PacketHandler } from './command.ts';

/** What there is to read, whole; the client asks for pieces. Undefined: there is none. */
type ReadObject = (session: DebugSession, annex: string) => Promise<Uint8Array | string | undefined>;

const objects: Readonly<Record<string, ReadObject>> = {
  features: async (session, annex) =>
    annex === 'target.xml' ? targetDescription(await session.snapshot.registerList()) : undefined,
  auxv: (session) => session.target.auxiliaryVector(),
  'exec-file': async (session, annex) => {
    const { process, program } = await session.snapshot.state();
    return annex === '' || parseHexNumber(annex) === process ? program : undefined;
  },
  'libraries-svr4': libraryList,
  siginfo: async (session) => (await session.target.signalInfo(await session.selectedTask())) ?? trapInformation(),
  threads: async (session) => {
    session.showsStop();
    const { tasks } = await session.snapshot.state();
    const elements = await Promise.all(
      tasks.map(async ({ tid, name, threadPointer }) => {
        const handle = threadPointer === 0 ? '' : ` handle="${handleText(threadPointer)}"`;
        return `<thread id="${await session.threadIdText(tid)}" name="${escapeXml(name)}"${handle}/>`;
      }),
    );
    return `<?xml version="1.0"?>\n<threads>\n${elements.join('\n')}\n</threads>\n`;
  },
};

/** The bytes of a pthread_t: gdb finds a thread by them. */
function handleText(threadPointer: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(threadPointer));
  return toHex(bytes);
}

/** `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH` and `qXfer:siginfo:write::OFFSET:DATA`. */
export const transfer: PacketHandler = async (session, text) => {
  const [object = '', operation, ...rest] = text.split(':');
  if (operation === 'write' && object === 'siginfo') return acceptSignalInformation(rest.slice(2).join(':'));
  const readObject = Object.hasOwn(objects, object) ? objects[object] : undefined;
  if (operation !== 'read' || readObject === undefined) return unsupported;
  const [annex = '', range = ''] = rest;
  const [offset, length] = range.split(',').map(parseHexNumber);
  if (offset === undefined || length === undefined) throw new PacketError('EINVAL', `qXfer:${text}: no range`);
  const content = await readObject(session, annex);
  if (content === undefined) return 'E00';
  return piece(typeof content === 'string' ? Buffer.from(content) : content, offset, length);
};

/**
 * gdb puts back what it has read once a function that it called has returned. The recorded signal acts as recorded in any
 * case: it is accepted, and of no effect.
 */
function acceptSignalInformation(data: string): Reply {
  return data.length.toString(16);
}

/** `m`: there is more; `l`: that was the last. An escaped byte may take two. */
function piece(content: Uint8Array, offset: number, length: number): Reply {
  const end = offset + Math.min(length, packetLimit / 2 - 1);
  const mark = end < content.length ? 'm' : 'l';
  return Buffer.concat([Buffer.from(mark), escapeBinary(content.subarray(offset, end))]);
}
