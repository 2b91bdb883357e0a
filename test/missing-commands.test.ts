// Programs whose commands a machine does not have are named and skipped, and no script waits for a server that is not there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { whyNotRun } from './harness/missing-commands.ts';

const test = suite('missing commands');
const sources = join(dirname(fileURLToPath(import.meta.url)), 'acceptance', 'sources');

test('a program whose commands are there is run', () => {
  assert.is(whyNotRun({ name: 'shell', needs: ['sh'] }), undefined);
  assert.is(whyNotRun({ name: 'anything' }), undefined);
});

test('a program whose command is missing is named, with what to do', () => {
  assert.match(
    whyNotRun({ name: 'server', needs: ['sh', 'no-such-server'] }) ?? '',
    /^server: skipped, no-such-server missing; sh /,
  );
});

for (const script of ['redis.sh', 'nginx.sh']) {
  test(`${script} ends where its server does not start`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'rr-missing-'));
    try {
      // All but the servers.
      for (const name of ['sleep', 'mkdir', 'cat', 'bash']) symlinkSync(`/bin/${name}`, join(folder, name));
      const { status, signal } = spawnSync('/bin/bash', [join(sources, script), '17399'], {
        cwd: folder,
        env: { PATH: folder },
        timeout: 20_000,
      });
      assert.is(signal, null);
      assert.is(status, 1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test.run();
