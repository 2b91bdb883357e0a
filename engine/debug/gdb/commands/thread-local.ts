import { registerIndex } from '../../../generated/schema.ts';
import { register } from '../../../replay/registers.ts';
import { parseHexNumber } from '../bytes.ts';
import { currentLinkMap } from '../library-list.ts';
import { PacketError } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import type { SymbolName } from '../symbol-lookup.ts';
import { parseThreadId } from '../thread-id.ts';
import type { PacketHandler } from './command.ts';

/** A member of a structure of the C library: {size in bits, number of elements, offset}, 32 bits each (nptl_db/db_info.c). */
interface Member {
  readonly bytes: number;
  readonly offset: number;
}

/** glibc 2.2 to 2.38 on x86-64 have these (nptl/structs.def, sysdeps/x86_64/nptl/tls.h); link_map's differ. */
const usual: Readonly<Partial<Record<SymbolName, Member>>> = {
  _thread_db_pthread_dtvp: { bytes: 8, offset: 8 },
  _thread_db_dtv_dtv: { bytes: 16, offset: 0 },
  _thread_db_dtv_t_pointer_val: { bytes: 8, offset: 0 },
};

/** A module's part of the vector that is not made yet: the thread has not touched it. */
const unallocated = 0xffff_ffff_ffff_ffffn;

async function readNumber(session: DebugSession, address: number, bytes: number): Promise<bigint> {
  const found = await session.snapshot.readMemory(address, bytes);
  if (found.length < bytes) throw new PacketError('EFAULT', `no memory at 0x${address.toString(16)}`);
  return [...found].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

async function member(session: DebugSession, name: SymbolName): Promise<Member> {
  const address = session.symbols.address(name);
  if (address === undefined) {
    const known = usual[name];
    if (known === undefined) throw new PacketError('ENOENT', `the C library does not tell ${name}`);
    return known;
  }
  const bits = Number(await readNumber(session, address, 4));
  return { bytes: bits / 8, offset: Number(await readNumber(session, address + 8, 4)) };
}

/** The number of a module's entry in the vector of thread-local blocks. An executable's is 1. */
async function moduleNumber(session: DebugSession, linkMap: number): Promise<number> {
  if (linkMap === 0) return 1;
  const { bytes, offset } = await member(session, '_thread_db_link_map_l_tls_modid');
  return Number(await readNumber(session, linkMap + offset, bytes));
}

/** Blocks of the list of modules that are looked through; memory may hold any list. */
const mostModuleBlocks = 1000;

/**
 * The generation in which the module got its number, which others may have had before it; undefined: not told. What a
 * thread's vector has for that number is of an older module while the vector's generation is lower (glibc, elf/dl-tls.c).
 */
async function moduleGeneration(session: DebugSession, module: number): Promise<bigint | undefined> {
  const loader = session.symbols.address('_rtld_global');
  const names = [
    '_thread_db_rtld_global__dl_tls_dtv_slotinfo_list',
    '_thread_db_dtv_slotinfo_list_len',
    '_thread_db_dtv_slotinfo_list_next',
    '_thread_db_dtv_slotinfo_list_slotinfo',
    '_thread_db_dtv_slotinfo_gen',
  ] as const;
  if (loader === undefined || names.some((name) => session.symbols.address(name) === undefined)) return undefined;
  const [list, length, next, slots, generation] = await Promise.all(names.map((name) => member(session, name)));
  const read = (base: number, { bytes, offset }: Member): Promise<bigint> => readNumber(session, base + offset, bytes);
  let left = module;
  let block = Number(await read(loader, list!));
  for (let blocks = 0; block !== 0 && blocks < mostModuleBlocks; blocks++) {
    const count = Number(await read(block, length!));
    if (left < count) return read(block + slots!.offset + left * slots!.bytes, generation!);
    left -= count;
    block = Number(await read(block, next!));
  }
  return undefined;
}

/** Whether the thread has not looked since at what modules there are. */
async function isOutdated(session: DebugSession, vector: number, module: number): Promise<boolean> {
  const generation = await moduleGeneration(session, module);
  if (generation === undefined || session.symbols.address('_thread_db_dtv_t_counter') === undefined) return false;
  const counter = await member(session, '_thread_db_dtv_t_counter');
  return (await readNumber(session, vector + counter.offset, counter.bytes)) < generation;
}

/**
 * How far below the thread pointer the module's block lies, where it has its place from the start; the marks for those
 * that have none are 0, -1 and -2 (glibc, elf/tls-macros.h).
 */
async function staticOffset(session: DebugSession, linkMap: number): Promise<number | undefined> {
  if (linkMap === 0) return undefined;
  const { bytes, offset } = await member(session, '_thread_db_link_map_l_tls_offset');
  const below = BigInt.asIntN(64, await readNumber(session, linkMap + offset, bytes));
  return below > 0n ? Number(below) : undefined;
}

/**
 * `qGetTLSAddr:THREAD,OFFSET,LINKMAP`: where the thread has that variable of that module. Without it gdb has neither
 * thread-locals nor errno.
 */
export const threadLocalAddress: PacketHandler = async (session, text) => {
  const [threadText = '', ...numbers] = text.split(',');
  const id = parseThreadId(threadText);
  const [offset, known] = numbers.map(parseHexNumber);
  if (id === undefined || offset === undefined || known === undefined) {
    throw new PacketError('EINVAL', `qGetTLSAddr:${text}: no thread-local variable`);
  }
  const linkMap = await currentLinkMap(session, known);
  const { general } = await session.snapshot.registers(await session.taskOf(id));
  const threadPointer = register(general, registerIndex.fs_base);
  const [vectorMember, entry, pointer, module] = await Promise.all([
    member(session, '_thread_db_pthread_dtvp'),
    member(session, '_thread_db_dtv_dtv'),
    member(session, '_thread_db_dtv_t_pointer_val'),
    moduleNumber(session, linkMap),
  ]);
  const vector = Number(await readNumber(session, threadPointer + vectorMember.offset, 8));
  const block = await readNumber(session, vector + entry.offset + module * entry.bytes + pointer.offset, 8);
  const isAllocated = block !== unallocated && block !== 0n;
  if (isAllocated && !(await isOutdated(session, vector, module))) return (block + BigInt(offset)).toString(16);
  const below = await staticOffset(session, linkMap);
  if (below === undefined) throw new PacketError('ENOENT', `the thread has no block of module ${module} yet`);
  return (threadPointer - below + offset).toString(16);
};
