/** Socket addresses that the kernel gave to calls, as text: sockaddr_in, _in6 (ip(7), ipv6(7)), _un, _nl. */
import { syscallNumber } from '../syscalls/decode.ts';

/** Which argument of each call points at the address. */
const addressArguments: ReadonlyMap<number | undefined, number> = new Map([
  [syscallNumber('accept'), 1],
  [syscallNumber('accept4'), 1],
  [syscallNumber('getsockname'), 1],
  [syscallNumber('getpeername'), 1],
  [syscallNumber('recvfrom'), 4],
]);

const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;

/**
 * The address that a call has given; undefined for other calls, and where none was given.
 * @param written the memory that the call wrote from an address on
 */
export function givenAddress(
  number: number,
  args: readonly bigint[],
  result: bigint,
  written: (address: bigint) => Uint8Array | undefined,
): string | undefined {
  const index = addressArguments.get(number);
  const pointer = index === undefined ? 0n : (args[index] ?? 0n);
  if (pointer === 0n || BigInt.asIntN(64, result) < 0n) return undefined;
  const bytes = written(pointer);
  return bytes === undefined || bytes.length < 2 ? undefined : socketAddressText(Buffer.from(bytes));
}

export function socketAddressText(bytes: Buffer): string {
  const family = bytes.readUInt16LE(0);
  if (family === families.inet && bytes.length >= 8) {
    return `${[...bytes.subarray(4, 8)].join('.')}:${bytes.readUInt16BE(2)}`;
  }
  if (family === families.inet6 && bytes.length >= 24) {
    return `[${inet6Text(bytes.subarray(8, 24))}]:${bytes.readUInt16BE(2)}`;
  }
  if (family === families.unix) return unixText(bytes.subarray(2));
  if (family === families.netlink && bytes.length >= 12) {
    return `netlink port ${bytes.readUInt32LE(4)}, groups 0x${bytes.readUInt32LE(8).toString(16)}`;
  }
  return `family ${family}: ${bytes.subarray(2).toString('hex')}`;
}

/** The first of the longest runs of zero words, of two at least, is left out (RFC 5952). */
function inet6Text(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
  const runs = words.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest === '' ? words : words.replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
}

/** A path; an abstract name begins with @; none at all. */
function unixText(name: Buffer): string {
  if (name.length === 0) return 'unix, unnamed';
  if (name[0] === 0) return `unix @${name.toString('utf8', 1)}`;
  const end = name.indexOf(0);
  return `unix ${name.toString('utf8', 0, end < 0 ? name.length : end)}`;
}
