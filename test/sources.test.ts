// Names of source files in debug information, as compilers write it.
// Time limit: 120 s
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MalformedError } from '../engine/sources/byte-reader.ts';
import { ElfSections } from '../engine/sources/elf-sections.ts';
import { sourceNames } from '../engine/sources/source-names.ts';
import { withPlace } from './edge/place.ts';
import { Random } from './trace-records.ts';

const program = '#include "other/part.h"\nint main(void) { return part(); }\n';

/** A folder with a program in two files, and the compiler run in it. */
async function withSources(use: (folder: string, compile: (...flags: string[]) => string) => unknown): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rr-sources-')));
  try {
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'main.c'), program);
    writeFileSync(join(folder, 'other', 'part.h'), 'static int part(void) { return 0; }\n');
    await use(folder, (...flags) => {
      const { status, stderr } = spawnSync('gcc', ['-g', ...flags, 'main.c', '-o', 'main'], { cwd: folder });
      assert.is(status, 0, String(stderr));
      return join(folder, 'main');
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function namesOf(path: string): { name: string; directory: string }[] {
  using elf = ElfSections.open(openSync(path, 'r'));
  return elf === undefined ? [] : sourceNames(elf);
}

for (const flags of [
  ['-gdwarf-2'],
  ['-gdwarf-3'],
  ['-gdwarf-4'],
  ['-gdwarf-5'],
  ['-gdwarf-5', '-gz'],
  ['-gdwarf-4', '-gz'],
]) {
  test(`names of files in what gcc ${flags.join(' ')} writes`, () =>
    withSources((folder, compile) => {
      const own = namesOf(compile(...flags)).filter(({ directory }) => directory === folder);
      const names = new Set(own.map(({ name }) => name));
      assert.ok(names.has('main.c'), JSON.stringify(own));
      assert.ok(names.has('other/part.h'), JSON.stringify(own));
    }));
}

test('a file without debug information has no names, and what is no ELF file no sections', () => {
  assert.equal(namesOf('/bin/true'), []);
  assert.is(ElfSections.open(openSync('package.json', 'r')), undefined);
});

test('damaged debug information ends in an error of ours, at once', () =>
  withSources((folder, compile) => {
    const whole = readFileSync(compile('-gdwarf-5'));
    const random = new Random(71);
    const path = join(folder, 'damaged');
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(whole);
      for (let change = 0; change < 20; change++) damaged[random.below(damaged.length)] = random.below(256);
      writeFileSync(path, damaged);
      try {
        namesOf(path);
      } catch (error) {
        if (!(error instanceof MalformedError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    }
  }));

test('sources and explicit-sources of a recording', () =>
  withPlace((place) =>
    withSources(async (folder, compile) => {
      const path = compile('-gdwarf-5');
      spawnSync('git', ['init', '-q', folder]);
      assert.is((await place.rr('record', '-o', 'trace', path)).status, 0);
      const explicit = await place.rr('explicit-sources', 'trace');
      assert.is(explicit.status, 0, explicit.story);
      assert.ok(explicit.out.split('\n').includes('other/part.h'), explicit.story);
      const found = JSON.parse((await place.rr('sources', 'trace')).out);
      assert.ok(found.relevant_binaries.includes(path), JSON.stringify(found));
      assert.equal(found.files[folder], ['main.c', 'other/part.h']);
    }),
  ));

test.run();
