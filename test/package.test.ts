// What `npm pack` makes is installed in an empty folder, where nothing finds a compiler, and records and replays there.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'rr-package-'));
const tools = join(folder, 'tools');
const place = join(folder, 'place');
const installed = join(place, 'node_modules/rr-engine');
const addon = join(installed, 'build/Release/rr_engine.node');

/** Of the packed file's installation, seconds. */
const processorTimeLimit = 5;

function whereIs(command: string): string | undefined {
  for (const each of (process.env.PATH ?? '').split(delimiter)) {
    if (existsSync(join(each, command))) return realpathSync(join(each, command));
  }
  return undefined;
}

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function run(command: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): Result {
  return spawnSync(command, words, {
    cwd: place,
    encoding: 'utf8',
    env: {
      PATH: tools,
      HOME: process.env.HOME ?? folder,
      npm_config_cache: join(process.env.HOME ?? folder, '.npm'),
      ...environment,
    },
  });
}

/** Seconds of user and system time that the shell's children took: what its `times` prints in its second line. */
function processorTime(times: string): number {
  const [, line = ''] = times.trimEnd().split('\n').slice(-2);
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}

const test = suite('the package');

test.before(() => {
  mkdirSync(tools);
  mkdirSync(place);
  symlinkSync(process.execPath, join(tools, 'node'));
  const npm = whereIs('npm');
  assert.ok(npm, 'npm is not in the PATH');
  symlinkSync(npm, join(tools, 'npm'));
  symlinkSync('/bin/sh', join(tools, 'sh'));
  const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.is(packed.status, 0, packed.stderr);
});

test.after(() => rmSync(folder, { recursive: true }));

test('installs without a compiler', () => {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  assert.ok(file);
  for (const command of ['gcc', 'g++', 'cc', 'make', 'python3', 'node-gyp']) {
    assert.not.ok(existsSync(join(tools, command)), command);
  }
  writeFileSync(join(place, 'package.json'), '{ "name": "empty", "private": true }');
  const install = `npm install --prefer-offline --no-audit --no-fund --foreground-scripts ${join(folder, file)} && times`;
  const { stdout, stderr, status } = run('/bin/sh', ['-c', install]);
  assert.is(status, 0, stdout + stderr);
  assert.not.match(stderr, /from source/);
  const seconds = processorTime(stdout);
  assert.ok(seconds < processorTimeLimit, `took ${seconds} s of processor time`);
});

test('needs no developers’ dependencies, and brings none of our tests', () => {
  const others = readdirSync(join(place, 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.equal(others.sort(), ['@napi-rs', 'node-addon-api', 'piscina', 'rr-engine']);
  assert.not.ok(existsSync(join(installed, 'test')));
});

test('records and replays', () => {
  const rr = join(place, 'node_modules/.bin/rr');
  const trace = join(folder, 'trace');
  const script = 'echo process $$; (exit 2); exit 3';
  const recorded = run(rr, ['record', '-o', trace, '--store', join(folder, 'store'), '/bin/sh', '-c', script]);
  assert.is(recorded.status, 3, recorded.stderr);
  assert.match(recorded.stdout, /^process \d+\n$/);
  const replayed = run(rr, ['replay', '-a', trace]);
  assert.is(replayed.status, 0, replayed.stderr);
  assert.is(replayed.stdout, recorded.stdout);
});

test('is a library, too', () => {
  const script = join(place, 'library.mjs');
  const lines = [
    "import { openTrace } from 'rr-engine';",
    'const trace = await openTrace(process.argv[2]);',
    'const replay = await trace.replay({ at: 9 });',
    'console.log(trace.processes.length, (await replay.state()).event);',
    'await trace.close();',
  ];
  writeFileSync(script, lines.join('\n'));
  const { stdout, stderr, status } = run('node', [script, join(folder, 'trace')]);
  assert.is(status, 0, stderr);
  assert.is(stdout, '2 9\n');
});

// As root: it makes that system in a mount namespace.
(process.getuid?.() === 0 ? test : test.skip)(
  'works on a system that holds nothing but Node: no compiler, no debugger',
  () => {
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    assert.ok(file);
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    const cache = join(process.env.HOME ?? folder, '.npm');
    const words = ['-m', 'sh', join(root, 'test/package/bare-root.sh'), bare, cache, join(folder, file)];
    const { stdout, stderr, status } = spawnSync('unshare', words, { encoding: 'utf8' });
    assert.is(status, 0, stdout + stderr);
    const steps = [
      '== compilers',
      '== install',
      '== record',
      /process \d+/,
      'status 3',
      '== replay',
      /process \d+/,
      '== debug',
      /Catchpoint 1 \(syscall 'exit_group' \[231\]\)/,
      /Catchpoint 1 \(call to syscall exit_group\), .*/,
      /\$1 = 3/,
      /No more reverse-execution history.*/,
    ];
    const form = steps.map((step) => (typeof step === 'string' ? step : step.source)).join('\n');
    assert.match(stdout, new RegExp(`^${form}\n`), stdout + stderr);
    const [recorded, replayed] = [...stdout.matchAll(/^process \d+$/gm)].map(([line]) => line);
    assert.is(replayed, recorded);
  },
);

test('says what is missing where it does not run and there is no compiler', () => {
  const built = readFileSync(addon);
  writeFileSync(addon, 'of another machine');
  try {
    const { stderr, status } = run('node', [join(installed, 'scripts/install.mjs')]);
    assert.is(status, 1);
    assert.match(stderr, /does not run here/);
    assert.match(stderr, /Missing: make; g\+\+;/);
  } finally {
    writeFileSync(addon, built);
  }
});

// The build itself takes minutes: here another command stands in for it, and scripts/nightly has the true one.
test('is built from the sources that it brings where it does not run', () => {
  const built = readFileSync(addon);
  writeFileSync(addon, 'of another machine');
  const commands = join(folder, 'commands');
  mkdirSync(commands);
  const environment: Record<string, string> = { PATH: process.env.PATH ?? '' };
  if (process.env.RR_TEST_FROM_SOURCE !== '1') {
    writeFileSync(join(folder, 'built.node'), built);
    const script = `#!/bin/sh\n[ -f binding.gyp ] && [ -f native/generated/schema.h ] && cp ${folder}/built.node ${addon}\n`;
    writeFileSync(join(commands, 'node-gyp'), script, { mode: 0o755 });
    environment.PATH = `${commands}${delimiter}${environment.PATH}`;
  }
  const { stdout, stderr, status } = run('node', [join(installed, 'scripts/install.mjs')], environment);
  assert.is(status, 0, stdout + stderr);
  assert.match(stderr, /building it from source/);
  const works = run(join(place, 'node_modules/.bin/rr'), ['--version']);
  assert.is(works.status, 0, works.stderr);
});

test.run();
