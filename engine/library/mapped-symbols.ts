/** The symbols of the files that a replayed process has mapped, and source lines: by its /proc/PID/maps. */
import { constants, fstatSync, openSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { MalformedError } from '../sources/byte-reader.ts';
import { ElfSections, type LoadedPart } from '../sources/elf-sections.ts';
import { type DefinedSymbol, readSymbols } from '../sources/elf-symbols.ts';
import type { ElfSymbol, SourceLine } from './rr-engine.d.ts';
import { SourceLines } from './source-lines.ts';

const pageSize = 4096;

/** A file in a process. */
interface Module {
  /** As recorded. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** What is to be added to the addresses in the file. */
  readonly bias: number;
  readonly file: LoadedFile;
}

interface LoadedFile {
  /** Where its content is here. */
  readonly path: string;
  readonly parts: readonly LoadedPart[];
  readonly symbols: readonly DefinedSymbol[];
}

export class MappedSymbols {
  readonly #root: string;
  readonly #lines = new SourceLines();
  /** By recorded path; undefined: no ELF file, or one that cannot be read. */
  readonly #files = new Map<string, LoadedFile | undefined>();

  /** @param root below which files are what was recorded (debug/symbol-files.ts) */
  constructor(root: string) {
    this.#root = root;
  }

  /** @throws EngineError NO_SYMBOL */
  find(maps: string, program: string, name: string): ElfSymbol {
    const modules = this.#modules(maps, program);
    for (const module of modules) {
      const found = module.file.symbols.find((symbol) => symbol.name === name);
      if (found !== undefined) return placed(found, module);
    }
    const files = modules.map(({ path }) => basename(path)).join(', ');
    throw new EngineError(
      'NO_SYMBOL',
      `no symbol ${name} in what is mapped here (${files}): libraries come after the program's first instructions`,
    );
  }

  /** Of the program, or of a file by its path or base name. @throws EngineError NO_FILE */
  all(maps: string, program: string, file: string | undefined): ElfSymbol[] {
    const modules = this.#modules(maps, program);
    const module =
      file === undefined ? modules[0] : modules.find(({ path }) => path === file || basename(path) === file);
    if (module !== undefined) return module.file.symbols.map((symbol) => placed(symbol, module));
    const files = modules.map(({ path }) => path).join(', ');
    throw new EngineError('NO_FILE', `${file ?? program} is not mapped here; what is: ${files}`);
  }

  at(maps: string, program: string, address: number): ElfSymbol | undefined {
    const module = this.#moduleAt(maps, program, address);
    if (module === undefined) return undefined;
    const inFile = address - module.bias;
    const found = module.file.symbols.find((each) => each.address <= inFile && inFile < each.address + each.size);
    return found === undefined ? undefined : placed(found, module);
  }

  async line(maps: string, program: string, address: number): Promise<SourceLine | undefined> {
    const module = this.#moduleAt(maps, program, address);
    return module === undefined ? undefined : this.#lines.of(module.file.path, address - module.bias);
  }

  close(): Promise<void> {
    return this.#lines.close();
  }

  #moduleAt(maps: string, program: string, address: number): Module | undefined {
    return this.#modules(maps, program).find(({ start, end }) => start <= address && address < end);
  }

  /** The program first, then others by their addresses. */
  #modules(maps: string, program: string): Module[] {
    const found = new Map<string, Module>();
    for (const line of maps.split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+ +(\/.*)$/.exec(line);
      if (match === null) continue;
      const [, startText = '', endText = '', offsetText = '', path = ''] = match;
      const start = Number.parseInt(startText, 16);
      const end = Number.parseInt(endText, 16);
      const known = found.get(path);
      if (known !== undefined) {
        found.set(path, { ...known, end: Math.max(known.end, end) });
        continue;
      }
      const file = this.#load(path);
      const offset = Number.parseInt(offsetText, 16);
      const part = file?.parts.find((each) => pageDown(each.offset) === offset);
      if (file !== undefined && part !== undefined) {
        found.set(path, { path, start, end, bias: start - pageDown(part.address), file });
      }
    }
    const modules = [...found.values()];
    return [...modules.filter(({ path }) => path === program), ...modules.filter(({ path }) => path !== program)];
  }

  #load(path: string): LoadedFile | undefined {
    if (!this.#files.has(path)) this.#files.set(path, readFile(join(this.#root, path)));
    return this.#files.get(path);
  }
}

/** Undefined for what is not there, or no ELF file: a process maps others, too. */
function readFile(path: string): LoadedFile | undefined {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return undefined;
    using sections = ElfSections.open(descriptor);
    if (sections === undefined) return undefined;
    return { path, parts: sections.loadedParts(), symbols: readSymbols(sections) };
  } catch (error) {
    const isSystems = error instanceof Error && 'syscall' in error;
    if (isSystems || error instanceof MalformedError) return undefined;
    throw error;
  }
}

function placed({ name, address, size, kind }: DefinedSymbol, { bias, path }: Module): ElfSymbol {
  return { name, address: address + bias, size, kind, file: path };
}

function pageDown(address: number): number {
  return address - (address % pageSize);
}
