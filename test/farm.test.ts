// The recipes of docs/farm.md: each block that has a name is run as it stands there.
// Time limit: 400 s
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileEdge, type Place, type Run, withPlace } from './edge/place.ts';
import { rrCommand } from './harness/recording.ts';
import { ContentServer } from './remote/content-server.ts';

const test = suite('farm');
const page = readFileSync(new URL('../docs/farm.md', import.meta.url), 'utf8');
const tried = new Set<string>();

/** The content of a block that is marked as ```LANGUAGE NAME. */
function block(name: string): string {
  const [, text] = new RegExp(`^\`\`\`\\w+ ${name.replace('.', '\\.')}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  assert.ok(text, `the page has no block ${name}`);
  tried.add(name);
  return text!;
}

class Farm {
  readonly place: Place;
  readonly server: ContentServer;

  constructor(place: Place, server: ContentServer) {
    this.place = place;
    this.server = server;
    mkdirSync(place.path('bin'));
    symlinkSync(rrCommand, place.path('bin/rr'));
    this.script('run-tests', '#!/bin/sh\necho testing\nexit 3\n');
  }

  script(name: string, text: string): void {
    writeFileSync(this.place.path(name), text);
    chmodSync(this.place.path(name), 0o755);
  }

  /** Runs a block's text as a step does: the first failure ends it. */
  run(text: string, env: Readonly<Record<string, string>> = {}, wrapper: readonly string[] = []): Promise<Run> {
    const words = [...wrapper, '/bin/bash', '-e', '-c', text.replaceAll('https://cache.example/rr/', this.server.url)];
    const own = { PATH: `${this.place.path('bin')}:${process.env.PATH}`, XDG_CONFIG_HOME: this.place.path('config') };
    return this.place.run(words, { env: { ...own, ...env }, limitSeconds: 200 });
  }
}

async function withFarm(use: (farm: Farm) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    await using server = await ContentServer.start();
    await use(new Farm(place, server));
  });
}

/** Whether a tool is here: the machine of a contributor may lack one that only this page needs. */
function needs(...commands: string[]): typeof test | typeof test.skip {
  const missing = commands.filter((each) => spawnSync('sh', ['-c', `command -v ${each}`]).status !== 0);
  if (missing.length > 0) console.log(`skipped: ${missing.join(', ')} missing`);
  return missing.length > 0 ? test.skip : test;
}

test('a step, opened elsewhere, and as a pack', () =>
  withFarm(async (farm) => {
    const env = { RR_REMOTE: farm.server.url };
    const step = await farm.run(block('step'), env);
    assert.is(step.status, 3, step.story);
    assert.is(step.out, 'testing\n');
    const [, name] = /^rr: pushed: rr pull http:\S+ (run-tests-0-[0-9a-f]{8})\n$/.exec(step.err) ?? [];
    assert.ok(name, step.story);
    const there = { ...env, _RR_TRACE_DIR: farm.place.path('elsewhere'), NAME: name! };
    const elsewhere = await farm.run(block('elsewhere'), there);
    assert.is(elsewhere.status, 0, elsewhere.story);
    assert.match(elsewhere.out, /run-tests-0\ntesting\n$/);
    const pack = await farm.run(block('pack'), there);
    assert.is(pack.out, 'testing\n', pack.story);
  }));

test('the configuration of a farm', () =>
  withFarm(async (farm) => {
    mkdirSync(farm.place.path('config/rr'), { recursive: true });
    writeFileSync(
      farm.place.path('config/rr/rr.conf'),
      block('rr.conf').replaceAll('https://cache.example/rr/', farm.server.url),
    );
    const failed = await farm.run('rr record ./run-tests');
    assert.is(failed.status, 3, failed.story);
    assert.match(failed.err, /^rr: pushed: rr pull /);
    const fine = await farm.run('rr record true');
    assert.is(fine.status, 0, fine.story);
    assert.equal(farm.place.traceNames(), ['run-tests-0']);
  }));

/** What `run:` or `command:` of a step says, and the variables of the job. */
function steps(yaml: string, key: string): { commands: string[]; env: Record<string, string> } {
  const commands = [...yaml.matchAll(new RegExp(`^[ -]*${key}: (.*)$`, 'gm'))].map(([, text]) => text!);
  const env = Object.fromEntries([...yaml.matchAll(/^ +(RR_\w+): (.*)$/gm)].map(([, name, text]) => [name!, text!]));
  return { commands, env };
}

test('GitHub-style steps', () =>
  withFarm(async (farm) => {
    const { commands, env } = steps(
      block('github.yml').replaceAll('https://cache.example/rr/', farm.server.url),
      'run',
    );
    const [testing, keeping] = commands;
    assert.is((await farm.run(testing!, env)).status, 3);
    const kept = await farm.run(keeping!, env);
    assert.is(kept.status, 0, kept.story);
    assert.match(kept.out, /^run-tests-0-[0-9a-f]{8}\n$/);
    const artifact = await farm.run(block('github-artifact'), env);
    assert.is(artifact.status, 0, artifact.story);
    assert.equal(readdirSync(farm.place.path('recordings')), ['run-tests-0.rrz']);
  }));

test('Buildkite-style steps', () =>
  withFarm(async (farm) => {
    const { commands } = steps(block('buildkite.yml'), 'command');
    assert.is((await farm.run(commands[0]!)).status, 3);
    const hook = await farm.run(block('buildkite-pre-artifact-hook'));
    assert.is(hook.status, 0, hook.story);
    assert.equal(readdirSync(farm.place.path('recordings')), ['run-tests-0.rrz']);
    assert.equal(farm.place.traceNames(), []);
    assert.is((await farm.run('rr replay -a recordings/run-tests-0.rrz')).out, 'testing\n');
  }));

needs('cmake', 'ctest')('CTest', () =>
  withFarm(async (farm) => {
    farm.script('CMakeLists.txt', block('CMakeLists.txt'));
    farm.script('add.c', 'int main(void) { return 1 + 1 != 2; }\n');
    farm.script('subtract.c', 'int main(void) { return 5; }\n');
    const run = await farm.run(block('ctest'));
    assert.is.not(run.status, 0, run.story);
    assert.match(run.out, /50% tests passed, 1 tests failed out of 2/, run.story);
    assert.equal(farm.place.traceNames(), ['subtract-0']);
  }),
);

needs('python3', 'pytest')('pytest', () =>
  withFarm(async (farm) => {
    mkdirSync(farm.place.path('tests'));
    farm.script('tests/test_fine.py', 'def test_fine(): pass\n');
    farm.script('tests/test_wrong.py', 'def test_wrong(): assert 1 == 2\n');
    const run = await farm.run(block('pytest'));
    assert.is(run.status, 1, run.story);
    assert.match(run.out, /1 passed.*1 failed/s, run.story);
    const names = farm.place.traceNames();
    assert.is(names.length, 1, names.join(' '));
    const replay = await farm.run(`rr replay -a ${names[0]}`);
    assert.match(replay.out, /assert 1 == 2/, replay.story);
  }),
);

needs('cargo')('Rust', () =>
  withFarm(async (farm) => {
    mkdirSync(farm.place.path('src'));
    farm.script('Cargo.toml', '[package]\nname = "calculator"\nversion = "0.1.0"\nedition = "2021"\n');
    farm.script('src/lib.rs', '#[test]\nfn fine() {}\n#[test]\nfn wrong() { assert_eq!(1, 2); }\n');
    const run = await farm.run(block('cargo'), { HOME: process.env.HOME ?? '/' });
    assert.is.not(run.status, 0, run.story);
    assert.match(run.out, /1 passed; 1 failed/, run.story);
    assert.is(farm.place.traceNames().length, 1);
  }),
);

test('a container: under its filter', () =>
  withFarm(async (farm) => {
    const run = await farm.run(block('container'), {}, [compileEdge('refuse'), 'container']);
    assert.is(run.status, 3, run.story);
    assert.is(run.out, 'testing\n');
    assert.equal(farm.place.traceNames(), ['run-tests-0']);
  }));

test('room on the disk', () =>
  withFarm(async (farm) => {
    await farm.run('rr record ./run-tests');
    const run = await farm.run(block('room'));
    assert.is(run.status, 0, run.story);
    assert.equal(farm.place.traceNames(), ['run-tests-0']);
  }));

test('every block with a name is tried', () => {
  // nginx is (test/remote/nginx.ts), with the same directives.
  tried.add('nginx.conf');
  for (const directive of block('nginx.conf').match(/(dav_methods|create_full_put_path|autoindex\w*) \w+/g) ?? []) {
    assert.ok(readFileSync(join('test', 'remote', 'nginx.ts'), 'utf8').includes(directive), directive);
  }
  const names = [...page.matchAll(/^```\w+ (\S+)$/gm)].map(([, name]) => name!);
  const wanting = process.env.RR_TEST_ONLY === undefined ? names.filter((name) => !tried.has(name)) : [];
  const skipped = ['CMakeLists.txt', 'ctest', 'pytest', 'cargo'];
  assert.equal(
    wanting.filter((name) => !skipped.includes(name)),
    [],
  );
});

test.run();
