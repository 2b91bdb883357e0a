// A pack replays, and is debugged with symbols, where nothing is but Node and this package: in a root of its own. Wants
// root, for the chroot.
// Time limit: 180 s
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, type Place, type Run, withPlace } from './edge/place.ts';

const test = suite('packs elsewhere');
const testAsRoot = isRoot ? test : test.skip;
const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
const bareRoot = join(packageFolder, 'test/acceptance/empty-root.sh');

const source = `#include <stdio.h>
static int sum(const int *values, int count) {
  int result = 0;
  for (int index = 0; index < count; index++) result += values[index];
  return result;
}
int main(void) {
  const int values[] = {1, 2, 3};
  printf("%d\\n", sum(values, 3));
  return 0;
}
`;

/** Finds the function by its name, and the place by its address. */
const library = `import { openTrace } from '/own/package/dist/rr-engine.mjs';
const trace = await openTrace(process.argv[2]);
try {
  const replay = await trace.replay();
  await replay.breakpoint('sum');
  await replay.run();
  const { rip } = await replay.registers();
  console.log((await replay.symbolAt(Number(rip))).name);
} finally {
  await trace.close();
}
`;

/** Words that run a script of Node's in the bare root, which has the pack and the folder of scripts. */
function words(place: Place, ...script: string[]): string[] {
  mkdirSync(place.path('root'), { recursive: true });
  const paths = [place.path('packs'), place.path('scripts'), '--'];
  return ['unshare', '-m', bareRoot, place.path('root'), packageFolder, ...paths, ...script];
}

const env = { XDG_CACHE_HOME: '/tmp/cache', TMPDIR: '/tmp' };

function bundle(): string {
  return `/own/package/dist/${readdirSync(join(packageFolder, 'dist')).find((name) => /^rr\.[cm]?js$/.test(name))}`;
}

/** Starts a debugger's server in the bare root, and hands its port on. */
async function withServer(place: Place, pack: string, use: (port: string) => Promise<void>): Promise<void> {
  const [command = '', ...rest] = words(place, bundle(), 'replay', '-s', '0', pack);
  const server = spawn(command, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const said: string[] = [];
    for await (const line of createInterface({ input: server.stderr })) {
      said.push(line);
      const [, port] = /target extended-remote 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port === undefined) continue;
      await use(port);
      return;
    }
    assert.unreachable(`the server says no port: ${said.join('\n')}`);
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

testAsRoot('with Node and this package alone', () =>
  withPlace(async (place) => {
    for (const folder of ['made', 'packs', 'scripts']) mkdirSync(place.path(folder));
    writeFileSync(place.path('made/sum.c'), source);
    writeFileSync(place.path('scripts/symbols.mjs'), library);
    const compiled = await place.sh('cd made && gcc -g -O0 -o sum sum.c');
    assert.is(compiled.status, 0, compiled.story);
    const pack = place.path('packs/sum.rrz');
    const ready = await place.sh('"$RR" record -o trace made/sum && "$RR" pack trace -o "$1"', { args: [pack] });
    assert.is(ready.status, 0, ready.story);
    for (const gone of ['made', 'trace', 'traces']) rmSync(place.path(gone), { recursive: true });

    const run = (...script: string[]): Promise<Run> => place.run(words(place, ...script), { env });
    const replay = await run(bundle(), 'replay', '-a', pack);
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, '6\n');

    const symbols = await run(place.path('scripts/symbols.mjs'), pack);
    assert.is(symbols.out, 'sum\n', symbols.story);

    // The debugger runs here, and gets the recorded files through the connection: those here are others, or gone.
    await withServer(place, pack, async (port) => {
      const commands = ['set sysroot target:', `target extended-remote 127.0.0.1:${port}`];
      const inside = ['break sum', 'continue', 'backtrace', 'finish', 'reverse-continue', 'info symbol $pc', 'kill'];
      const gdb = ['gdb', '-nx', '-batch', ...[...commands, ...inside].flatMap((each) => ['-ex', each])];
      const debug = await place.run(gdb);
      assert.match(debug.out, /#0 +sum \(values=0x[0-9a-f]+, count=3\) at sum\.c:3/, debug.story);
      assert.match(debug.out, /#1 +0x[0-9a-f]+ in main \(\) at sum\.c:9/, debug.story);
      assert.match(debug.out, /Value returned is \$1 = 6/, debug.story);
      assert.match(debug.out, /sum(?: \+ \d+)? in section \.text/, debug.story);
    });
  }),
);

test.run();
