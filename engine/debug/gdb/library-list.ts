/**
 * The libraries of a process, as its dynamic linker lists them (glibc, elf/link.h): `qXfer:libraries-svr4`. gdb could read
 * the list itself, but not know the linker before there is one: it looks for it where it meets a program first, and a
 * replay goes to a program's beginning from anywhere.
 */
import { auxiliary, parseAuxiliaryVector } from '../auxiliary-vector.ts';
import type { DebugSession } from './session.ts';
import { escapeXml } from './xml.ts';

/** elf.h */
const segments = { dynamic: 2, interpreter: 3, programHeaders: 6 } as const;
const dynamicDebug = 21;
const elfHeaderSize = 64;
const programHeaderSize = 56;
/** struct r_debug: r_version, r_map, r_brk, r_state, r_ldbase; and from version 2 on r_next. */
const listSize = 48;
const firstVersionWithNext = 2;
/** struct link_map: l_addr, l_name, l_ld, l_next, l_prev. */
const linkMapSize = 40;
/** More than any process has: a list that is being changed, or that the program has damaged, may go in a circle. */
const mostLibraries = 65_536;
const mostNamespaces = 16;
/** Longest name of a library, bytes: PATH_MAX. */
const longestName = 4096;

export interface Library {
  readonly name: string;
  /** Address of its struct link_map; of one that has none yet, where it is loaded. */
  readonly linkMap: number;
  /** Address of the list that it is in, which names the namespace. */
  readonly list: number;
  /** What is added to the addresses in its file. */
  readonly offset: number;
  /** Address of its dynamic section. */
  readonly dynamic: number;
}

interface Segment {
  readonly type: number;
  readonly address: number;
  readonly length: number;
}

interface LibraryList {
  /** The program's own link map; 0 until there is one. */
  readonly main: number;
  readonly libraries: readonly Library[];
}

/** The document; undefined where the program has no dynamic linker, or none that tells. */
export async function libraryList(session: DebugSession): Promise<string | undefined> {
  const found = await readLibraries(session);
  if (found === undefined) return undefined;
  const { main } = found;
  const libraries = session.libraries.listed(found.libraries, session.breakpoints.addresses());
  const elements = libraries.map(
    ({ name, linkMap, list, offset, dynamic }) =>
      `<library name="${escapeXml(name)}" lm="${hex(linkMap)}" lmid="${hex(list)}" l_addr="${hex(offset)}" l_ld="${hex(dynamic)}"/>`,
  );
  const mainText = main === 0 ? '' : ` main-lm="${hex(main)}"`;
  return `<library-list-svr4 version="1.0"${mainText}>${elements.join('')}</library-list-svr4>`;
}

/** The link map of a library that the client knows by that address: it may have had none when it was listed. */
export async function currentLinkMap(session: DebugSession, linkMap: number): Promise<number> {
  const vector = parseAuxiliaryVector(await session.target.auxiliaryVector());
  if (linkMap === 0 || linkMap !== vector.get(auxiliary.linkerBase)) return linkMap;
  const found = await readLibraries(session);
  return found?.libraries.find(({ offset }) => offset === linkMap)?.linkMap ?? linkMap;
}

async function readLibraries(session: DebugSession): Promise<LibraryList | undefined> {
  const memory = new Memory(session);
  const vector = parseAuxiliaryVector(await session.target.auxiliaryVector());
  const program = await programSegments(memory, vector);
  const dynamic = program.segments.find(({ type }) => type === segments.dynamic);
  if (dynamic === undefined) return undefined;
  const list = await debugEntry(memory, { ...dynamic, address: dynamic.address + program.offset });
  if (list === undefined) return undefined;
  const found = await listed(memory, list);
  if (found.libraries.length > 0) return found;
  return { ...found, libraries: await linkerAlone(memory, program, vector.get(auxiliary.linkerBase)) };
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

/** Numbers and texts of the program's memory; zeros where there is none. */
class Memory {
  readonly #session: DebugSession;

  constructor(session: DebugSession) {
    this.#session = session;
  }

  async view(address: number, length: number): Promise<DataView> {
    const whole = new Uint8Array(length);
    whole.set(await this.#session.snapshot.readMemory(address, length));
    return new DataView(whole.buffer);
  }

  async text(address: number, longest: number): Promise<string> {
    const bytes = Buffer.from(await this.#session.snapshot.readMemory(address, longest));
    const end = bytes.indexOf(0);
    return bytes.subarray(0, end < 0 ? bytes.length : end).toString();
  }
}

/** An address, of which a damaged list may have any. */
function address(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true) & 0xffff_ffff_ffffn);
}

interface Program {
  readonly segments: readonly Segment[];
  /** What is added to the addresses in its file. */
  readonly offset: number;
}

/** The program that the kernel has loaded. One with a dynamic linker tells where its headers are. */
async function programSegments(memory: Memory, vector: ReadonlyMap<number, number>): Promise<Program> {
  const at = vector.get(auxiliary.programHeaders) ?? 0;
  const size = vector.get(auxiliary.programHeaderSize);
  const count = vector.get(auxiliary.programHeaderCount) ?? 0;
  const found = size === programHeaderSize ? await readSegments(memory, at, count) : [];
  const headers = found.find(({ type }) => type === segments.programHeaders);
  return headers === undefined ? { segments: [], offset: 0 } : { segments: found, offset: at - headers.address };
}

async function readSegments(memory: Memory, at: number, count: number): Promise<Segment[]> {
  const view = await memory.view(at, count * programHeaderSize);
  return Array.from({ length: count }, (_, index) => {
    const start = index * programHeaderSize;
    return { type: view.getUint32(start, true), address: address(view, start + 16), length: address(view, start + 40) };
  });
}

/** Where the linker's list is to be found, 0 until it is there; undefined: the program has no place for it. */
async function debugEntry(memory: Memory, dynamic: Segment): Promise<number | undefined> {
  const view = await memory.view(dynamic.address, dynamic.length);
  for (let at = 0; at + 16 <= dynamic.length; at += 16) {
    if (address(view, at) === dynamicDebug) return address(view, at + 8);
  }
  return undefined;
}

/** @returns what all namespaces have, without the program, whose link map is `main` */
async function listed(memory: Memory, list: number): Promise<LibraryList> {
  const libraries: Library[] = [];
  let main = 0;
  let next = list;
  for (let namespaces = 0; next !== 0 && namespaces < mostNamespaces; namespaces++) {
    const view = await memory.view(next, listSize);
    let linkMap = address(view, 8);
    if (namespaces === 0) {
      main = linkMap;
      linkMap = main === 0 ? 0 : address(await memory.view(main, linkMapSize), 24);
    }
    while (linkMap !== 0 && libraries.length < mostLibraries) {
      const map = await memory.view(linkMap, linkMapSize);
      const name = await memory.text(address(map, 8), longestName);
      if (name !== '') {
        libraries.push({ name, linkMap, list: next, offset: address(map, 0), dynamic: address(map, 16) });
      }
      linkMap = address(map, 24);
    }
    next = view.getInt32(0, true) >= firstVersionWithNext ? address(view, 40) : 0;
  }
  return { main, libraries };
}

/** Before there is a list: what the kernel has loaded beside the program. */
async function linkerAlone(memory: Memory, program: Program, base: number | undefined): Promise<Library[]> {
  const interpreter = program.segments.find(({ type }) => type === segments.interpreter);
  if (interpreter === undefined || base === undefined || base === 0) return [];
  const header = await memory.view(base, elfHeaderSize);
  const own = await readSegments(memory, base + address(header, 32), header.getUint16(56, true));
  const dynamic = own.find(({ type }) => type === segments.dynamic);
  if (dynamic === undefined) return [];
  const name = await memory.text(program.offset + interpreter.address, Math.min(interpreter.length, longestName));
  return [{ name, linkMap: base, list: 0, offset: base, dynamic: base + dynamic.address }];
}
