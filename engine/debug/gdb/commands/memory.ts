import { fromHex, parseHexNumber, toHex } from '../bytes.ts';
import { packetLimit } from '../packet.ts';
import { ok, PacketError, type Reply } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import type { PacketHandler } from './command.ts';

interface Range {
  readonly address: number;
  readonly length: number;
}

/** `ADDRESS,LENGTH`. @throws PacketError EFAULT where no program has memory, EINVAL for what is no range */
function parseRange(text: string): Range {
  const [addressText, lengthText, ...rest] = text.split(',');
  const length = parseHexNumber(lengthText);
  if (length === undefined || rest.length > 0) throw new PacketError('EINVAL', `${text}: no range of memory`);
  const address = parseHexNumber(addressText);
  if (address === undefined) throw new PacketError('EFAULT', `${addressText}: no address of a program`);
  return { address, length };
}

/** `mADDRESS,LENGTH`: as many bytes as there are from there on. */
export const readMemory: PacketHandler = async (session, text) => {
  const { address, length } = parseRange(text);
  if (length === 0) return '';
  const bytes = await session.snapshot.readMemory(address, Math.min(length, packetLimit / 2));
  if (bytes.length === 0) throw new PacketError('EFAULT', `no memory at 0x${address.toString(16)}`);
  return toHex(bytes);
};

async function write(session: DebugSession, { address, length }: Range, bytes: Uint8Array | undefined): Promise<Reply> {
  if (bytes?.length !== length) throw new PacketError('EINVAL', `${length} bytes are wanted`);
  if (length === 0) return ok;
  session.written.noteMemory();
  const written = await session.snapshot.writeMemory(address, bytes);
  if (written !== length) throw new PacketError('EFAULT', `memory ends at 0x${(address + written).toString(16)}`);
  return ok;
}

/** `MADDRESS,LENGTH:HEX` */
export const writeMemory: PacketHandler = (session, text) => {
  const colon = text.indexOf(':');
  return write(session, parseRange(text.slice(0, colon)), fromHex(text.slice(colon + 1)));
};

/** `XADDRESS,LENGTH:BYTES` */
export const writeBinaryMemory: PacketHandler = (session, text, bytes) => {
  const colon = text.indexOf(':');
  return write(session, parseRange(text.slice(0, colon)), bytes.subarray(colon + 1));
};
