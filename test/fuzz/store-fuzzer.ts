/**
 * Gives what reads a trace, a store, a pack or a configuration damaged input. What may come of it: a result, or an error of ours in
 * one line. No other error, none longer than a second.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, globalOptions } from '../../engine/cli/command-table.ts';
import { configuredOptions } from '../../engine/cli/configuration.ts';
import { EngineError } from '../../engine/errors.ts';
import {
  chunkHeaderSize,
  dataFlags,
  pieceReferenceOffsets,
  pieceReferenceSize,
  recordHeaderOffsets,
} from '../../engine/generated/schema.ts';
import { ZipReader } from '../../engine/pack/zip-reader.ts';
import { ZipWriter } from '../../engine/pack/zip-writer.ts';
import { loginIn } from '../../engine/remote/netrc.ts';
import { earlierThan, readRegistrations } from '../../engine/store/registrations.ts';
import { Store } from '../../engine/store/store.ts';
import { readCatalogue } from '../../engine/trace/base-catalogue.ts';
import { argumentCountAt } from '../../engine/trace/buffer-entries.ts';
import { crc32 } from '../../engine/trace/crc32.ts';
import { Folder } from '../../engine/trace/folder.ts';
import { MetContent } from '../../engine/trace/met-content.ts';
import { decodePiece, encodePiece } from '../../engine/trace/piece-file.ts';
import { hashOf } from '../../engine/trace/store-layout.ts';
import { BadReferenceError, expandRecord, referencedPieces } from '../../engine/trace/stored-payload.ts';
import { TraceError } from '../../engine/trace/trace-error.ts';
import { formatVersionFile, parseVersionFile } from '../../engine/trace/version-file.ts';
import { CodecMemory } from '../codec-memory.ts';
import { lz4Piece } from '../lz4-piece.ts';
import { PatchMemory } from '../patch-memory.ts';
import { header } from '../trace-fixture.ts';
import { data, entriesRecord, plausibleRecords, Random } from '../trace-records.ts';
import { damageSome } from './damage.ts';
import { processorTime } from './processor-time.ts';
import type { Target } from './target.ts';
import { traceTarget } from './trace-target.ts';

/** Milliseconds. */
const longest = 1000;

export interface FuzzReport {
  /** By target: inputs, and how many were read without an error. */
  readonly counts: ReadonlyMap<string, { inputs: number; accepted: number }>;
  readonly slowest: number;
}

export class StoreFuzzer {
  readonly #random: Random;
  readonly #targets: ReadonlyMap<string, Target>;

  /** @param folder for files; empty, on a file system that is fast */
  static async make(folder: string, seed: number): Promise<StoreFuzzer> {
    const random = new Random(seed);
    const targets: [string, Target][] = [
      ['references', references(random)],
      ['piece', pieces(random)],
      ['patch', patches(random)],
      ['registration', registrations(folder)],
      ['hints', hints(folder, random)],
      ['zip', await zips(folder)],
      ['configuration', configurations(folder)],
      ['version', versions()],
      ['netrc', netrc()],
      ['trace', await traceTarget(folder, random)],
    ];
    return new StoreFuzzer(random, new Map(targets));
  }

  private constructor(random: Random, targets: ReadonlyMap<string, Target>) {
    this.#random = random;
    this.#targets = targets;
  }

  /** @throws what is no error of ours; Error for what takes too long */
  run(inputs: number): FuzzReport {
    const counts = new Map<string, { inputs: number; accepted: number }>();
    let slowest = 0;
    const names = [...this.#targets.keys()];
    for (let round = 0; round < inputs; round++) {
      const name = names[round % names.length]!;
      const target = this.#targets.get(name)!;
      const sound = target.sound[this.#random.below(target.sound.length)]!;
      const bytes = damageSome(sound, this.#random, lastBytes);
      const start = processorTime();
      const accepted = isAccepted(() => target.read(bytes, sound));
      const took = processorTime() - start;
      slowest = Math.max(slowest, took);
      if (took > longest) throw new Error(`${name}: it took ${took} ms: ${bytes.toString('base64')}`);
      const count = counts.get(name) ?? { inputs: 0, accepted: 0 };
      counts.set(name, { inputs: count.inputs + 1, accepted: count.accepted + (accepted ? 1 : 0) });
    }
    return { counts, slowest };
  }
}

function isAccepted(body: () => void): boolean {
  try {
    body();
    return true;
  } catch (error) {
    const isOurs = error instanceof EngineError || error instanceof BadReferenceError;
    if (!isOurs || error.message.includes('\n')) throw error;
    return false;
  }
}

/** What ends a file is as near its end as that: it gets more of the changes. Bytes. */
const lastBytes = 60;

const known = Buffer.alloc(5000, 'content of a piece. ');

/** References to the whole of a piece that is there, and to parts of it. */
function referencesTo(lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((length) => {
      const reference = Buffer.alloc(pieceReferenceSize);
      reference.write(hashOf(known), pieceReferenceOffsets.hash, 'hex');
      reference.writeUInt32LE(length, pieceReferenceOffsets.length);
      return reference;
    }),
  );
}

function flagged(record: Uint8Array): Buffer {
  const bytes = Buffer.from(record);
  bytes[recordHeaderOffsets.flags] = dataFlags.stored;
  return bytes;
}

/** An entry of the syscall buffer with an out-parameter that is stored. */
function storedEntry(lengths: readonly number[]): Buffer {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const entry = Buffer.concat([Buffer.alloc(24 + 24 + 16), referencesTo(lengths)]);
  entry.writeUInt32LE(entry.length, 0);
  entry[argumentCountAt] = 3;
  entry[7] = 1;
  entry.writeUInt32LE(total, 48 + 8);
  entry.writeUInt32LE(0x4000_0000, 48 + 12);
  return entry;
}

function references(random: Random): Target {
  const entries = Buffer.concat([storedEntry([5000]), storedEntry([1000, 4000, 17])]);
  const sound = [
    flagged(data(1, 0x1000n, referencesTo([5000]))),
    flagged(data(1, 0x1000n, referencesTo([1, 4999, 700]))),
    flagged(entriesRecord(1, entries)),
  ];
  return {
    sound,
    read(bytes) {
      // The reader has checked the record's own size: what is left of that is the payload's.
      if (bytes.length < 40) return;
      const record = Uint8Array.from(bytes.subarray(0, bytes.length & ~7));
      new DataView(record.buffer).setUint32(recordHeaderOffsets.size, record.length, true);
      const claimed = new DataView(record.buffer).getUint32(32, true);
      new DataView(record.buffer).setUint32(32, Math.min(claimed, record.length - 40), true);
      const piece = (hash: string): Uint8Array => {
        if (random.below(4) > 0 || hash === hashOf(known)) return known;
        throw new TraceError('STORE_FILE_MISSING', hash, 'no such piece');
      };
      if (random.below(2) === 0) referencedPieces(record);
      else expandRecord(record, piece);
    },
  };
}

function pieces(random: Random): Target {
  const sound = [
    encodePiece(known, 'fast'),
    encodePiece(random.bytes(3000), 'none'),
    encodePiece(random.text(60_000), 'best'),
    lz4Piece(random.text(60_000)),
  ];
  return { sound, read: (bytes) => void decodePiece(bytes) };
}

/** Patched chunks with right checksums. */
function patches(random: Random): Target {
  const codec = new CodecMemory();
  const memory = new PatchMemory();
  const chunkOf = (events: number): Uint8Array => {
    codec.fill([...plausibleRecords(new Random(7), events)]);
    return codec.encode('none').find(({ lane }) => lane === 1)!.bytes;
  };
  const content = chunkOf(400).subarray(chunkHeaderSize, chunkHeaderSize + (1 << 16));
  memory.base.add({ hash: random.bytes(32), content });
  const sound = (['none', 'fast'] as const).map((level) => Buffer.from(memory.patch(chunkOf(300), level)!));
  return {
    sound,
    read(bytes) {
      const chunk = Uint8Array.from(bytes);
      codec.reseal(chunk);
      const plain = memory.plain(chunk);
      const result = typeof plain === 'number' ? plain : codec.decode(plain);
      if (typeof result === 'number') throw new TraceError('TRACE_DAMAGED', 'chunk', String(result));
    },
  };
}

function registrations(folder: string): Target {
  const store = join(folder, 'registrations');
  const path = join(store, 'traces', '00000000-0000-4000-8000-000000000000');
  mkdirSync(join(store, 'traces'), { recursive: true });
  const head = Buffer.from(`${JSON.stringify({ trace: '/a/trace', device: 7, announcesFiles: true })}\n`);
  const hashes = Buffer.alloc(320, 5);
  return {
    sound: [head, Buffer.concat([head, hashes])],
    read(bytes) {
      writeFileSync(path, bytes);
      readRegistrations(store);
      earlierThan(store);
    },
  };
}

/** Files of a store that tell what need not be right. */
function hints(folder: string, random: Random): Target {
  const directory = join(folder, 'hints');
  const name = hashOf(Buffer.from('/bin/true'));
  mkdirSync(join(directory, 'bases'), { recursive: true });
  return {
    sound: [Buffer.from(random.bytes(64)), Buffer.from(random.bytes(32 * 16)), Buffer.from(random.bytes(1 << 18))],
    read(bytes) {
      writeFileSync(join(directory, 'bases', name), bytes);
      writeFileSync(join(directory, 'met'), bytes);
      using store = Folder.open(directory);
      readCatalogue(store, '/bin/true');
      MetContent.read(store).meet(Buffer.alloc(32, 3));
      using open = Store.open(directory);
      for (const _ of open.list());
    },
  };
}

async function zips(folder: string): Promise<Target> {
  const path = join(folder, 'it.rrz');
  const descriptor = openSync(path, 'w');
  const zip = new ZipWriter(descriptor);
  for (const name of ['version', 'events', 'data']) await zip.add(`trace/${name}`, [known], name === 'data');
  zip.finish();
  closeSync(descriptor);
  const sound = readFileSync(path);
  rmSync(path);
  return {
    sound: [sound],
    read(bytes) {
      writeFileSync(path, bytes);
      const opened = openSync(path, 'r');
      try {
        for (const { name } of new ZipReader(path, opened).entries) if (name.length > 70_000) throw new Error(name);
      } finally {
        closeSync(opened);
      }
    },
  };
}

function configurations(folder: string): Target {
  const path = join(folder, 'rr', 'rr.conf');
  mkdirSync(join(folder, 'rr'));
  const environment = { XDG_CONFIG_HOME: folder, XDG_CONFIG_DIRS: join(folder, 'none'), HOME: folder };
  const file =
    '# all\n[record]\nkeep = failures\nmax-size = 2G\nenv = A=b c\nchaos = yes\n[push]\nremote = https://a/b/\n';
  const record = findCommand('record')!;
  return {
    sound: [Buffer.from(file), Buffer.from(`--keep=failures -v 'A=b c' "--max-time" 3s \\-h --log=all:warn`)],
    read(bytes) {
      writeFileSync(path, bytes);
      configuredOptions(record, globalOptions, environment);
      const text = bytes.toString('latin1').replaceAll('\0', '');
      writeFileSync(path, file);
      configuredOptions(record, globalOptions, { ...environment, RR_OPTIONS: text });
    },
  };
}

/** What begins a trace, with a right checksum. */
function versions(): Target {
  const end = { complete: true, status: 0, duration: 5 };
  const extent = { size: 7, index: 3 };
  const lanes = { events: extent, data: extent, mmaps: extent, tasks: extent };
  const whole = Buffer.from(formatVersionFile({ header, end, lanes }));
  return {
    sound: [whole.subarray(0, whole.lastIndexOf('crc32 '))],
    read(bytes) {
      const sum = crc32(bytes).toString(16).padStart(8, '0');
      parseVersionFile('version', Buffer.concat([bytes, Buffer.from(`crc32 ${sum}\n`)]));
    },
  };
}

function netrc(): Target {
  const file =
    'machine a.example login me password "x y"\n# no\nmachine b login c\n password d\ndefault login e password f';
  return { sound: [Buffer.from(file)], read: (bytes) => void loginIn(bytes.toString(), 'b') };
}
