import { escapeBinary, fromHex, parseHexNumber } from '../bytes.ts';
import { packetLimit } from '../packet.ts';
import { errorNumbers, PacketError, type Reply, unsupported } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import type { PacketHandler } from './command.ts';

type Operation = (session: DebugSession, parameters: readonly string[]) => Reply | Promise<Reply>;

const accessModeMask = 3;

/** @throws PacketError EINVAL */
function pathOf(hexPath: string | undefined): string {
  const path = hexPath === undefined ? undefined : fromHex(hexPath)?.toString();
  if (path === undefined) throw new PacketError('EINVAL', 'no path');
  return path;
}

function withData(data: Uint8Array): Reply {
  return Buffer.concat([Buffer.from(`F${data.length.toString(16)};`), escapeBinary(data)]);
}

const refuseToWrite: Operation = () => {
  throw new PacketError('EROFS', 'files of a recording cannot be changed');
};

const operations: Readonly<Record<string, Operation>> = {
  setfs: () => 'F0',
  open: async ({ files }, [path, flags]) => {
    if (((parseHexNumber(flags) ?? 0) & accessModeMask) !== 0) throw new PacketError('EROFS', 'opened for writing');
    return `F${(await files.open(pathOf(path))).toString(16)}`;
  },
  close: ({ files }, [descriptor]) => {
    files.close(parseHexNumber(descriptor));
    return 'F0';
  },
  pread: ({ files }, [descriptor, count, offset]) => {
    const [length, from] = [parseHexNumber(count), parseHexNumber(offset)];
    if (length === undefined || from === undefined) throw new PacketError('EINVAL', 'no range');
    return withData(files.get(parseHexNumber(descriptor)).read(from, Math.min(length, packetLimit / 2 - 32)));
  },
  fstat: ({ files }, [descriptor]) => withData(fileStatus(files.get(parseHexNumber(descriptor)))),
  readlink: async ({ files }, [path]) => withData(await files.readLink(pathOf(path))),
  pwrite: refuseToWrite,
  unlink: refuseToWrite,
};

/** gdb's `struct stat` of the protocol (its manual, "struct stat"): big-endian, 64 bytes. */
function fileStatus({ size, mode, modified }: { size: number; mode: number; modified: number }): Uint8Array {
  const status = Buffer.alloc(64);
  status.writeUInt32BE(mode, 8);
  status.writeUInt32BE(1, 12);
  status.writeBigUInt64BE(BigInt(size), 28);
  status.writeBigUInt64BE(4096n, 36);
  status.writeBigUInt64BE(BigInt(Math.ceil(size / 512)), 44);
  status.writeUInt32BE(modified >>> 0, 56);
  return status;
}

/** `vFile:OPERATION:PARAMETERS`; an error is an answer of its own here. */
export const hostFile: PacketHandler = async (session, text) => {
  const [name = '', ...rest] = text.split(':');
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) return unsupported;
  try {
    return await operation(session, rest.join(':').split(','));
  } catch (error) {
    if (!(error instanceof PacketError)) throw error;
    return `F-1,${errorNumbers[error.errorName].toString(16)}`;
  }
};
