// Servers that answer late, wrongly, in part, with errors, with redirects; disks that are full and stores that are closed:
// one line, a status, and nothing left behind or lost.
// Time limit: 300 s
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { ContentServer, type Misbehave } from './remote/content-server.ts';
import { elsewhere, success } from './remote/journey.ts';

const test = suite('remote stores that misbehave');
const testAsRoot = isRoot ? test : test.skip;

/** A recording of five files and one mapped file: it travels quickly. */
async function withPushed(use: (place: Place, server: ContentServer, name: string) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    await using server = await ContentServer.start();
    const record = await place.rr('record', '/bin/true');
    assert.is(record.status, 0, record.story);
    const name = success(await place.rr('push', server.url)).trim();
    await use(place, server, name);
  });
}

function refused(run: Run, message: RegExp): void {
  assert.is(run.status, 1, run.story);
  assert.match(run.err, /^rr: [^\n]+\n$/, run.story);
  assert.not.match(run.err, /bug in rr/);
  assert.match(run.err, message);
  assert.is(run.out, '');
}

/** No recording, and nothing half-done but what the next pull goes on from. */
function checkNothingLeft(place: Place): void {
  const names = existsSync(place.path('elsewhere')) ? readdirSync(place.path('elsewhere')) : [];
  assert.equal(
    names.filter((name) => name !== '.store' && name !== '.pulled'),
    [],
  );
  if (names.includes('.store')) {
    const left = readdirSync(place.path('elsewhere/.store')).filter((name) => !/^[0-9a-f]{2}$/.test(name));
    assert.equal(
      left.filter((name) => name !== 'pieces' && name !== 'traces'),
      [],
    );
    if (left.includes('traces')) assert.equal(readdirSync(place.path('elsewhere/.store/traces')), []);
  }
}

const isContent = (path: string) => path.startsWith('cas/');

/** What a server does to each request, and what is said of it. */
const misbehaviours: Readonly<Record<string, readonly [(server: ContentServer) => Misbehave, RegExp]>> = {
  'answers nothing': [() => () => true, /no answer for 1 s/],
  'begins an answer, and says no more': [
    () => (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).flushHeaders();
      return true;
    },
    /no answer for 1 s|HTTP/,
  ],
  'closes the connection': [
    () => (_, response) => {
      response.destroy();
      return true;
    },
    /socket hang up|ECONNRESET/,
  ],
  fails: [
    () => (_, response) => {
      response.writeHead(500).end('<html>what a pity</html>'.repeat(1000));
      return true;
    },
    /HTTP 500: the server failed|lists nothing \(HTTP 500\)/,
  ],
  'has no room': [
    () => (_, response) => {
      response.writeHead(507).end();
      return true;
    },
    /HTTP 507: the server has no room|\(HTTP 507\)/,
  ],
  'lets nobody in': [
    () => (_, response) => {
      response.writeHead(401).end();
      return true;
    },
    /HTTP 401/,
  ],
  'redirects in a circle': [
    () =>
      ({ path }, response) => {
        response.writeHead(302, { location: `/${path}` }).end();
        return true;
      },
    /it redirects more than 5 times/,
  ],
  'redirects to a file': [
    () => (_, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      return true;
    },
    /redirects to what is no HTTP address/,
  ],
};

for (const [name, [make, message]] of Object.entries(misbehaviours)) {
  test(`a server that ${name}: push, pull and ls`, () =>
    withPushed(async (place, server, trace) => {
      server.misbehave = make(server);
      server.objects.clear();
      const there = elsewhere(place);
      const runs = [
        place.rr('push', '--timeout=1s', server.url),
        there('pull', '--timeout=1s', server.url, trace),
        there('ls', '--timeout=1s', `--remote=${server.url}`),
      ];
      for (const run of await Promise.all(runs)) refused(run, message);
      checkNothingLeft(place);
      assert.equal(place.traceNames(), ['true-0']);
    }));
}

/** Ways to give content that is not what was asked for. */
const wrongContents: Readonly<Record<string, readonly [(content: Buffer) => Buffer, RegExp]>> = {
  'has another byte': [
    (content) => Buffer.from(content.map((byte) => byte ^ 1)),
    /not what the hash says|describes no recording/,
  ],
  'is too short': [(content) => content.subarray(1), /bytes instead of|not what the hash says|describes no recording/],
  'is too long': [
    (content) => Buffer.concat([content, Buffer.alloc(1000)]),
    /more than the \d+ bytes|describes no recording/,
  ],
  'is empty': [() => Buffer.alloc(0), /bytes instead of|describes no recording/],
};

for (const [name, [change, message]] of Object.entries(wrongContents)) {
  test(`content that ${name}: a pull tells, whatever it is of`, () =>
    withPushed(async (place, server, trace) => {
      const there = elsewhere(place);
      for (const [path, content] of [...server.objects]) {
        const isManifest = content.toString('latin1', 0, 20).startsWith('{"format"');
        if (isManifest && isContent(path)) continue;
        // All mapped files are alike.
        if (content.length > 100_000 && rmSync(place.path('elsewhere'), { recursive: true, force: true }) !== undefined)
          continue;
        server.objects.set(path, change(content));
        const run = await there('pull', server.url, trace);
        refused(run, message);
        checkNothingLeft(place);
        rmSync(place.path('elsewhere'), { recursive: true, force: true });
        server.objects.set(path, content);
      }
      success(await there('pull', server.url, trace));
    }));
}

test('an answer that breaks off, and an error that passes: another try', () =>
  withPushed(async (place, server, trace) => {
    const failed = new Set<string>();
    server.misbehave = ({ method, path }, response) => {
      if (method !== 'GET' || failed.has(path)) return false;
      failed.add(path);
      if (failed.size % 2 === 0) response.writeHead(503).end();
      else {
        const content = server.objects.get(path)!;
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, content.length / 2), () => response.destroy());
      }
      return true;
    };
    const there = elsewhere(place);
    success(await there('pull', server.url, trace));
    assert.is((await there('replay', '-a', 'true-0')).status, 0);
  }));

test('a server that takes content and does not keep it', () =>
  withPushed(async (place, server) => {
    server.objects.clear();
    server.misbehave = ({ method, path }, response) => {
      if (method !== 'PUT' || !isContent(path)) return false;
      response.writeHead(201).end();
      return true;
    };
    refused(await place.rr('push', server.url), /it took the content, and does not have it/);
    assert.equal([...server.objects.keys()], []);
  }));

test('what describes a recording, and does not', () =>
  withPushed(async (place, server, trace) => {
    const path = `traces/${trace}`;
    const sound = JSON.parse(server.objects.get(path)!.toString());
    const hash = 'a'.repeat(64);
    const changes: Readonly<Record<string, unknown>> = {
      'no JSON': '{',
      'no object': 5,
      'a list': [],
      'another format': { ...sound, format: 2 },
      'no lanes': { ...sound, lanes: {} },
      'a lane of negative size': { ...sound, lanes: { ...sound.lanes, data: { size: -1, portions: [] } } },
      'more portions than bytes': { ...sound, lanes: { ...sound.lanes, data: { size: 1, portions: [hash, hash] } } },
      'fewer portions than bytes': { ...sound, lanes: { ...sound.lanes, data: { size: 2 ** 40, portions: [hash] } } },
      'a hash that leads elsewhere': { ...sound, version: { ...sound.version, portions: ['../../etc/passwd'] } },
      'a version file of another name': { ...sound, version: { ...sound.version, name: '../version' } },
      'a stored file without a hash': { ...sound, blobs: [{ ...sound.blobs[0], hash: '../x' }] },
      'a kind that nobody knows': { ...sound, blobs: [{ ...sound.blobs[0], kind: 'link' }] },
      'the null': null,
    };
    const there = elsewhere(place);
    for (const [what, content] of Object.entries(changes)) {
      server.objects.set(path, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)));
      const run = await there('pull', server.url, trace);
      refused(run, /describes no recording/);
      assert.not(existsSync(place.path('elsewhere')), what);
    }
    // What it says of the name is not where it goes.
    server.objects.set(path, Buffer.from(JSON.stringify({ ...sound, name: '../../outside' })));
    assert.is(success(await there('pull', server.url, trace)), `${place.path('elsewhere/trace')}\n`);
    // A stored file under another's hash is not stored.
    const [blob, other] = sound.blobs;
    server.objects.set(
      path,
      Buffer.from(JSON.stringify({ ...sound, name: 'x', blobs: [{ ...other, hash: blob.hash }] })),
    );
    rmSync(place.path('elsewhere'), { recursive: true });
    refused(await there('pull', server.url, trace), /has another hash: it is not stored/);
    checkNothingLeft(place);
    refused(await there('pull', server.url, '../traces/x'), /no name of a recording/);
  }));

test('content that is no recording', () =>
  withPushed(async (place, server, trace) => {
    const path = `traces/${trace}`;
    const sound = JSON.parse(server.objects.get(path)!.toString());
    const junk = Buffer.from('no version file, and no lane');
    const hash = createHash('sha256').update(junk).digest('hex');
    server.objects.set(`cas/${hash}`, junk);
    const bytes = { size: junk.length, portions: [hash] };
    const there = elsewhere(place);
    for (const [changed, message] of [
      [{ version: { ...sound.version, ...bytes } }, /no format number/],
      [{ lanes: { ...sound.lanes, events: bytes } }, /events/],
    ] as const) {
      server.objects.set(path, Buffer.from(JSON.stringify({ ...sound, ...changed })));
      refused(await there('pull', server.url, trace), message);
      checkNothingLeft(place);
    }
  }));

test('lists with nonsense in them', () =>
  withPushed(async (place, server, trace) => {
    const there = elsewhere(place);
    const list = async (type: string, body: string) => {
      server.misbehave = ({ path }, response) => {
        if (!path.endsWith('traces/')) return false;
        response.writeHead(200, { 'content-type': type }).end(body);
        return true;
      };
      return there('ls', `--remote=${server.url}`);
    };
    refused(await list('application/json', '{'), /what it lists is no JSON/);
    refused(await list('application/json', '{}'), /what it lists is no JSON/);
    const names = ['../x', '.hidden', 'a/b', '\x1b]0;owned\x07', '', trace, 5, null];
    const entries = names.map((name) => ({ name }));
    assert.is(success(await list('application/json', JSON.stringify([...entries, null, 'x']))), `${trace}\n`);
    const links = [...names, '?C=M', 'http://elsewhere/traces/x', '%', '%2e%2e'].map((name) => `<a href="${name}">`);
    assert.is(success(await list('text/html', links.join(''))), `5\nnull\n${trace}\n`);
    assert.is(success(await list('text/html', '')), '');
    // What cannot be read is listed with the reason.
    server.objects.set(`traces/${trace}`, Buffer.from('{'));
    server.misbehave = () => false;
    const long = success(await there('ls', '-l', `--remote=${server.url}`));
    assert.match(long, /\(http:[^\n]*it describes no recording: no JSON\)\n$/);
  }));

testAsRoot('a full disk: nothing is left of the pull, and a larger one takes it', () =>
  withPushed(async (place, server, trace) => {
    mkdirSync(place.path('elsewhere'));
    const script = `mount -t tmpfs -o size=1m none elsewhere && _RR_TRACE_DIR=$PWD/elsewhere "$RR" pull "$@"
      status=$?; ls -A elsewhere; ls elsewhere/.store | grep tmp; umount elsewhere; exit $status`;
    const run = await place.sh(script, { args: [server.url, trace] });
    assert.is(run.status, 1, run.story);
    assert.match(run.err, /^rr: [^\n]*ENOSPC[^\n]*\n$/);
    assert.is(run.out, '.store\n');
    success(await elsewhere(place)('pull', server.url, trace));
  }),
);

testAsRoot('a store, or a root of traces, that cannot be written to', () =>
  withPushed(async (place, server, trace) => {
    mkdirSync(place.path('closed'));
    const closed = 'mount -t tmpfs -o ro none closed; "$@"; status=$?; umount closed; exit $status';
    const pull = (...words: string[]) => place.sh(closed, { args: ['env', ...words] });
    const rr = ['bash', '-c', '"$RR" "$@"', 'bash', 'pull', server.url, trace];
    const traces = `_RR_TRACE_DIR=${place.path('elsewhere')}`;
    refused(await pull(traces, ...rr, '--store', place.path('closed')), /EROFS/);
    refused(await pull(`_RR_TRACE_DIR=${place.path('closed')}`, ...rr), /EROFS/);
    refused(await pull(traces, ...rr, '-o', place.path('closed/it')), /EROFS/);
    checkNothingLeft(place);
  }),
);

test.run();
