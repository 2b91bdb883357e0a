// Recordings that travel: to nginx's WebDAV, and to a store in the test that counts what is asked.
// Time limit: 300 s
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loginIn } from '../engine/remote/netrc.ts';
import { type Place, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';
import { ContentServer } from './remote/content-server.ts';
import { checkJourney, elsewhere, recorded, success } from './remote/journey.ts';
import { withNginx } from './remote/nginx.ts';

const test = suite('remote stores');

test('nginx with WebDAV', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('nginx'));
    await withNginx(place.path('nginx'), (url) => checkJourney(place, { RR_REMOTE: `${url}some/folder` }));
    // What lies there is named by its content.
    const content = place.path('nginx/data/some/folder/cas');
    const names = readdirSync(content);
    assert.ok(names.length > 8);
    const sums = await place.sh('cd "$1" && sha256sum *', { args: [content] });
    for (const line of sums.out.trim().split('\n')) assert.match(line, /^([0-9a-f]{64}) {2}\1$/);
  }));

async function withServer(use: (place: Place, server: ContentServer) => Promise<void>): Promise<void> {
  await withPlace(async (place) => {
    await using server = await ContentServer.start();
    await use(place, server);
  });
}

test('only what is missing travels, several at once, and what was cut off there is put again', () =>
  withServer(async (place, server) => {
    await recorded(place);
    const push = () => place.rr('push', server.url);
    success(await push());
    assert.ok(server.mostAtOnce > 1 && server.mostAtOnce <= 8, `${server.mostAtOnce} at once`);
    for (const [path, content] of server.objects) {
      if (path.startsWith('cas/')) assert.is(path, `cas/${createHash('sha256').update(content).digest('hex')}`);
    }
    const all = server.count('PUT');
    success(await push());
    // The manifest, under its hash and its name.
    assert.is(server.count('PUT'), all + 2);
    const [path, content] = [...server.objects].find(([, each]) => each.length > 100_000)!;
    server.objects.set(path, content.subarray(1));
    server.asked.length = 0;
    success(await push());
    assert.is(server.count('PUT'), 3);
    assert.equal(server.objects.get(path), content);
  }));

test('a push and a pull that fail in the middle go on from there', () =>
  withServer(async (place, server) => {
    await recorded(place);
    let left = 6;
    server.misbehave = ({ method, path }, response) => {
      if (method !== 'PUT' || !path.startsWith('cas/') || left-- > 0) return false;
      response.writeHead(400).end();
      return true;
    };
    const failed = await place.rr('push', server.url);
    assert.is(failed.status, 1, failed.story);
    assert.match(failed.err, /^rr: [^\n]*HTTP 400: the server failed\n$/);
    const put = server.objects.size;
    assert.ok(put >= 6);
    server.misbehave = () => false;
    server.asked.length = 0;
    const name = success(await place.rr('push', server.url)).trim();
    assert.is(server.count('PUT'), server.objects.size - put);

    left = 6;
    server.misbehave = ({ method, path }, response) => {
      if (method !== 'GET' || !path.startsWith('cas/') || left-- > 0) return false;
      response.destroy();
      return true;
    };
    const there = elsewhere(place);
    const cut = await there('pull', server.url, name);
    assert.is(cut.status, 1, cut.story);
    assert.match(cut.err, /^rr: [^\n]+\n$/);
    assert.equal(readdirSync(place.path('elsewhere')), ['.store']);
    server.misbehave = () => false;
    server.asked.length = 0;
    success(await there('pull', server.url, name));
    const needed = server.objects.size - 2;
    assert.is(server.count('GET', 'cas/'), needed - 6);
    assert.is((await there('replay', '-a', 'bash-0')).status, 0);
  }));

test('a large recording travels in portions, and a pull that was cut off keeps those that came', () =>
  withServer(async (place, server) => {
    const record = await place.rr('record', 'bash', '-c', 'head -c 20000000 /dev/urandom | md5sum');
    assert.is(record.status, 0, record.story);
    const name = success(await place.rr('push', server.url)).trim();
    const portions = [...server.objects.values()].filter((each) => each.length === 8 << 20);
    assert.ok(portions.length >= 2, `${portions.length} portions`);
    let left = 1;
    server.misbehave = ({ method, path }, response) => {
      const isPortion = server.objects.get(path)?.length === 8 << 20;
      if (method !== 'GET' || !isPortion || left-- > 0) return false;
      response.writeHead(400).end();
      return true;
    };
    const there = elsewhere(place);
    assert.is((await there('pull', server.url, name)).status, 1);
    server.misbehave = () => false;
    server.asked.length = 0;
    success(await there('pull', server.url, name));
    const again = server.asked.filter(({ path }) => server.objects.get(path)?.length === 8 << 20);
    assert.is(again.length, portions.length - 1);
    assert.equal(readdirSync(place.path('elsewhere')).sort(), ['.store', 'bash-0']);
    const replay = await there('replay', '-a', 'bash-0');
    assert.is(replay.out, record.out, replay.story);
  }));

test('a server that keeps content alone: the hash names the recording', () =>
  withServer(async (place, server) => {
    await recorded(place);
    server.misbehave = ({ path }, response) => {
      if (path.startsWith('cas/')) return false;
      response.writeHead(404).end();
      return true;
    };
    const push = await place.rr('push', server.url);
    assert.is(push.status, 0, push.story);
    assert.match(push.err, /^rr: warning: [^\n]*content alone[^\n]*\n$/);
    const hash = push.out.trim();
    assert.match(hash, /^[0-9a-f]{64}$/);
    const there = elsewhere(place);
    success(await there('pull', server.url, hash));
    assert.is((await there('replay', '-a', 'bash-0')).status, 0);
    const list = await there('ls', `--remote=${server.url}`);
    assert.is(list.status, 1);
    assert.match(list.err, /^rr: [^\n]*lists nothing \(HTTP 404\): pull by the name[^\n]*\n$/);
  }));

test('a file with holes', () =>
  withServer(async (place, server) => {
    const record = await place.rr('record', compileGuest('memory/sparse-file'));
    assert.is(record.status, 0, record.story);
    const name = success(await place.rr('push', server.url)).trim();
    const bytes = [...server.objects.values()].reduce((sum, each) => sum + each.length, 0);
    assert.ok(bytes < 16 << 20, `${bytes} bytes`);
    const there = elsewhere(place);
    success(await there('pull', server.url, name));
    const blocks = await place.sh('du -sm elsewhere | cut -f1');
    assert.ok(Number(blocks.out) < 20, `${blocks.out} MB`);
    const replay = await there('replay', '-a', success(await there('ls')).trim());
    assert.is(replay.out, record.out, replay.story);
  }));

test('record --push: failures ship themselves, and what cannot be shipped is kept', () =>
  withServer(async (place, server) => {
    const record = (...words: string[]) => place.rr('record', '--remote', server.url, ...words);
    const fine = await record('--push=failures', 'true');
    assert.equal([fine.status, fine.err], [0, '']);
    assert.is(server.asked.length, 0);
    const failed = await record('--push=failures', '--keep=never', 'sh', '-c', 'exit 4');
    assert.is(failed.status, 4, failed.story);
    const [, name] = /^rr: pushed: rr pull http:\/\/[^ ]+ (sh-0-[0-9a-f]{8})\n$/.exec(failed.err) ?? [];
    assert.ok(name, failed.story);
    assert.equal(place.traceNames(), ['true-0']);
    success(await place.rr('pull', server.url, name!));
    assert.equal(place.traceNames(), ['sh-0', 'true-0']);
    server.misbehave = (_, response) => {
      response.writeHead(403).end();
      return true;
    };
    const refused = await record('--push=always', '--keep=never', 'true');
    assert.is(refused.status, 0, refused.story);
    assert.match(refused.err, /^rr: not pushed: [^\n]*HTTP 403: [^\n]*; `rr push \/[^\n]*\/true-1` tries again\n$/);
    assert.equal(place.traceNames(), ['sh-0', 'true-0', 'true-1']);
    // The store knows of it.
    success(await place.rr('gc'));
    success(await place.rr('replay', '-a', 'true-1'));
    const nowhere = await place.rr('record', '--push=always', 'true');
    assert.is(nowhere.status, 2);
    assert.match(nowhere.err, /^rr: --push=always: where to\? [^\n]+\n$/);
  }));

test('who asks: by the address, a token, or ~/.netrc; no other server learns it', () =>
  withServer(async (place, server) => {
    const seen: (string | undefined)[] = [];
    await using other = await ContentServer.start();
    const host = new URL(server.url).host;
    writeFileSync(
      place.path('netrc'),
      'machine elsewhere login a password b\nmachine 127.0.0.1 login me password word\n',
    );
    for (const [address, env] of [
      [`http://me:a%20word@${host}/`, {}],
      [server.url, { RR_REMOTE_TOKEN: 'token' }],
      [server.url, { NETRC: place.path('netrc') }],
      [server.url, {}],
    ] as const) {
      server.misbehave = (_, response) => {
        seen.push(response.req.headers.authorization);
        response.writeHead(302, { location: `${other.url}traces/` }).end();
        return true;
      };
      other.misbehave = (_, response) => {
        assert.is(response.req.headers.authorization, undefined);
        return false;
      };
      const list = await place.sh('"$RR" ls --remote="$1"', { env: { HOME: place.folder, ...env }, args: [address] });
      assert.is(list.status, 0, list.story);
      assert.not.match(list.err, /word|token/);
    }
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    assert.equal(seen, [basic('me:a word'), 'Bearer token', basic('me:word'), undefined]);
  }));

test('the form of .netrc', () => {
  const text = '# me\nmachine a\n  login x\n  password y\nmachine b password z\ndefault login d password e\n';
  assert.equal(loginIn(text, 'a'), { user: 'x', password: 'y' });
  assert.equal(loginIn(text, 'b'), { user: '', password: 'z' });
  assert.equal(loginIn(text, 'c'), { user: 'd', password: 'e' });
  assert.is(loginIn('machine a login x', 'a'), undefined);
  assert.is(loginIn('', 'a'), undefined);
});

test('an address that is none', () =>
  withPlace(async (place) => {
    await recorded(place);
    for (const [words, message] of [
      [['push'], /which store\? name its address, or set RR_REMOTE/],
      [['push', 'ftp://somewhere/'], /expected http/],
      [['push', 'http://'], /expected http/],
      [['push', 's3://'], /expected s3:\/\/BUCKET/],
      [['pull', 's3://A_B/x', 'y'], /expected s3:\/\/BUCKET/],
      [['ls', '--remote=nonsense'], /expected http/],
    ] as const) {
      const run = await place.rr(...words);
      assert.is(run.status, 1, run.story);
      assert.match(run.err, /^rr: [^\n]+\n$/);
      assert.match(run.err, message);
    }
    assert.ok(statSync(join(place.traces, 'bash-0')).isDirectory());
  }));

test('what is listed is what rr pull is configured for', () =>
  withPlace(async (place) => {
    await using server = await ContentServer.start();
    await recorded(place);
    const name = success(await place.rr('push', server.url)).trim();
    mkdirSync(place.path('config/rr'), { recursive: true });
    writeFileSync(place.path('config/rr/rr.conf'), `[pull]\nremote = ${server.url}\n`);
    const env = { XDG_CONFIG_HOME: place.path('config') };
    assert.is(success(await place.sh('"$RR" ls --remote', { env })), `${name}\n`);
    const without = await place.sh('"$RR" --no-config ls --remote', { env });
    assert.is(without.status, 1, without.story);
    assert.match(without.err, /which store\?/);
  }));

test.run();
