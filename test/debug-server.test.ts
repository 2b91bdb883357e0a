// The protocol server without a replay behind it: packets, clients and rubbish.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../engine/debug/gdb/bytes.ts';
import { framePacket, PacketParser } from '../engine/debug/gdb/packet.ts';
import { DebugServer } from '../engine/debug/gdb/server.ts';
import { FakeTarget, remote } from './debug/fake-target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: server');
const guest = compile(fileURLToPath(new URL('guests-debug/paused.c', import.meta.url)));

/** A client that speaks plain packets. */
class Client {
  readonly socket: Socket;
  readonly #parser = new PacketParser();
  readonly #answers: string[] = [];
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      for (const incoming of this.#parser.feed(bytes)) {
        if (incoming.kind === 'packet') this.#answers.push(incoming.body.toString('latin1'));
      }
      this.#wake();
    });
    this.socket.on('close', () => this.#wake());
    this.socket.on('error', () => undefined);
  }

  /** The next packet; `(closed)` when the connection has ended. */
  async answer(): Promise<string> {
    while (this.#answers.length === 0 && !this.socket.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#answers.shift() ?? '(closed)';
  }

  async ask(body: string): Promise<string> {
    this.socket.write(framePacket(body));
    return this.answer();
  }

  async monitor(line: string): Promise<string> {
    this.socket.write(framePacket(`qRcmd,${toHex(line)}`));
    let said = '';
    for (;;) {
      const answer = await this.answer();
      if (!answer.startsWith('O') || answer === 'OK') return said;
      said += fromHex(answer.slice(1))?.toString();
    }
  }
}

async function withServer(
  use: (target: FakeTarget, client: Client, server: DebugServer) => Promise<void>,
): Promise<void> {
  const target = await FakeTarget.start(guest);
  const server = await DebugServer.listen({
    target: remote(target),
    recording: target.recording(),
    servesFiles: false,
    start: { kind: 'begin' },
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  });
  const client = new Client(server.port);
  const served = server.serveOne();
  try {
    await use(target, client, server);
  } finally {
    client.socket.destroy();
    await served;
    server.close();
    target.close();
  }
}

test('registers, memory and threads', () =>
  withServer(async (target, client) => {
    const { process: pid } = target.here;
    assert.match(await client.ask('qSupported:multiprocess+;swbreak+'), /ReverseContinue\+;ReverseStep\+/);
    assert.match(await client.ask('?'), new RegExp(`^T00thread:p${pid.toString(16)}.${pid.toString(16)};06:`));
    assert.is((await client.ask('g')).slice(16, 32), 'bc9a785634120000');
    assert.is(await client.ask('p1'), 'bc9a785634120000');
    assert.is(await client.ask('P1=0100000000000000'), 'OK');
    assert.is(await client.ask('p1'), '0100000000000000');
    assert.is(await client.ask('p999'), 'E16');
    assert.is(await client.ask('m0,8'), 'E0e');
    assert.is(await client.ask('mffffffffff600000,8'), 'E0e');
    assert.is(await client.ask(`Hgp${pid.toString(16)}.${(pid + 1).toString(16)}`), 'OK');
    assert.is(await client.ask('qC'), `QCp${pid.toString(16)}.${(pid + 1).toString(16)}`);
    assert.is(await client.ask('Hgp1.1'), 'E03');
    assert.is(await client.ask('Tp1.1'), 'E03');
    assert.is(
      await client.ask('qfThreadInfo'),
      `mp${pid.toString(16)}.${pid.toString(16)},p${pid.toString(16)}.${(pid + 1).toString(16)}`,
    );
    assert.match(await client.ask('qXfer:threads:read::0,1000'), 'name="a&lt;b&amp;&quot;c&quot;"');
    assert.is(await client.ask('qXfer:frogs:read::0,1000'), '');
    assert.is(await client.ask('vMustReplyEmpty'), '');
    assert.is(await client.ask('qCRC:0,4'), '');
  }));

test('a register is read from the target once a stop', () =>
  withServer(async (target, client) => {
    for (let time = 0; time < 5; time++) {
      await client.ask('g');
      await client.ask('?');
    }
    assert.is(target.asked.filter((each) => each.startsWith('registers')).length, 1);
    await client.ask('vCont;c');
    await client.ask('g');
    assert.is(target.asked.filter((each) => each.startsWith('registers')).length, 2);
  }));

// gdb sends a step for each instruction of a command, and Ctrl-C whenever it is pressed.
test('Ctrl-C between two steps of one command ends the command, and none behind it', () =>
  withServer(async (target, client) => {
    const { tid } = target.here;
    const step = async (): Promise<string> => {
      target.stops = [{ kind: 'step', tid }];
      return (await client.ask('vCont;s:p-1.-1')).slice(0, 3);
    };
    assert.is(await step(), 'T05');
    client.socket.write(Buffer.of(3));
    // As long as a debugger on a busy machine may take.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.is(await step(), 'T02');
    assert.is(await step(), 'T05', 'once');
    client.socket.write(Buffer.of(3));
    for (const question of ['qXfer:threads:read::0,1000', 'qfThreadInfo']) {
      client.socket.write(Buffer.of(3));
      await client.ask(question);
      assert.is(await step(), 'T05', `the command was over: ${question}`);
    }
  }));

test('breakpoints reach the target when it runs, conditions too', () =>
  withServer(async (target, client) => {
    const rip = Number.parseInt((await client.ask('p10')).match(/../g)!.reverse().join(''), 16);
    // Where nothing is mapped: something may be there at another place of the recording.
    assert.is(await client.ask('Z0,1000,1'), 'OK');
    assert.is(await client.ask('z0,1000,1'), 'OK');
    assert.is(await client.ask(`Z0,${rip.toString(16)},1;X3,220122;X1,27`), 'OK');
    assert.equal(target.breakpoints, []);
    target.stops = [{ kind: 'breakpoint', tid: target.here.tid, address: rip, hardware: false }];
    assert.match(await client.ask('vCont;c:p-1.-1'), /^T05swbreak:;thread:/);
    assert.equal(target.breakpoints, [
      {
        kind: 'software',
        address: rip,
        length: 1,
        conditions: [Buffer.from('220122', 'hex'), Buffer.from('27', 'hex')],
      },
    ]);
    assert.is(await client.ask(`z0,${rip.toString(16)},1`), 'OK');
    assert.match(await client.ask('bc'), /^O/);
    assert.match(await client.answer(), /^T05replaylog:end;/);
    assert.equal(target.breakpoints, []);
    assert.equal(
      target.resumes.map(({ direction }) => direction),
      ['forward', 'backward'],
    );
  }));

test('a seek answers the next resume without running, and an exec forgets breakpoints', () =>
  withServer(async (target, client) => {
    const address = (await client.ask('p10')).match(/../g)!.reverse().join('');
    await client.ask(`Z0,${address},1`);
    assert.is(await client.monitor('seek 7'), '');
    assert.equal(target.places, []);
    const before = target.seek.bind(target);
    target.seek = (place) => {
      before(place);
      target.here = { ...target.here, image: 2 };
    };
    assert.match(await client.ask('vCont;s:p-1.-1'), new RegExp(`^T05exec:${toHex(target.here.program)};`));
    assert.match(await client.ask('vCont;c'), /^T05library:;/);
    assert.match(await client.ask('bc'), /^T00thread/);
    assert.equal(target.places, [{ kind: 'event', event: 7 }]);
    assert.equal(target.resumes, []);
    await client.ask('vCont;c');
    assert.is(target.resumes.length, 1);
    assert.equal(target.breakpoints, []);
  }));

test('breakpoints in the process that was looked at before are accepted, and mean nothing', () =>
  withServer(async (target, client) => {
    const { process: before, tid } = target.here;
    await client.monitor('seek 7');
    target.seek = () => {
      target.here = { ...target.here, process: before + 1, image: 2 };
    };
    assert.match(await client.ask('vCont;c'), /^T05exec:/);
    assert.is(await client.ask(`Hgp${before.toString(16)}.${tid.toString(16)}`), 'OK');
    assert.is(await client.ask('Z0,1000,1'), 'OK');
    assert.is(await client.ask(`Hgp${(before + 1).toString(16)}.${tid.toString(16)}`), 'OK');
    assert.is(await client.ask('Z0,2000,1'), 'OK');
    assert.is(await client.ask(`D;${before.toString(16)}`), 'OK');
    assert.match(await client.ask('?'), /^T05exec/);
    while (target.resumes.length === 0) await client.ask('vCont;c');
    assert.equal(
      target.breakpoints.map(({ address }) => address),
      [0x2000],
    );
  }));

test('monitor commands say what is wrong in one line', () =>
  withServer(async (target, client) => {
    assert.is(await client.monitor('when'), 'Completed event: 12\n');
    assert.is(await client.monitor('when-tid'), `Current tid: ${target.here.tid}\n`);
    assert.is(await client.monitor('elapsed-time'), 'Elapsed Time (s): 1.500000\n');
    assert.match(await client.monitor('when-ticks'), /^rr: the trace has no ticks.*`when` and `seek`.*\n$/);
    assert.match(await client.monitor('seek-ticks 5'), /^rr: the trace has no ticks.*\n$/);
    assert.is(await client.monitor('seek 101'), 'rr: no event 101: the recording has events 1 to 100\n');
    assert.match(await client.monitor('seek there'), /^rr: position "there": expected .*\n$/);
    assert.match(await client.monitor('seek \x1b[2J'), /^rr: position "\\x1b\[2J": expected .*\n$/);
    assert.match(await client.monitor('process 3'), /^rr: the recording has no process 3; it has .*\n$/);
    assert.is(await client.monitor('frog'), 'rr: no command "frog"; monitor help lists them\n');
    assert.match(await client.monitor('delete-checkpoint 3'), /^rr: no checkpoint 3/);
    assert.match(await client.monitor('help'), /^seek POSITION +go there/m);
  }));

test('a second client is turned away, and the first goes on', () =>
  withServer(async (_target, client, server) => {
    assert.is(await client.ask('qC').then((answer) => answer.slice(0, 2)), 'QC');
    const second = new Client(server.port);
    assert.match(await second.answer(), /^E.another debugger is connected/);
    assert.is(await second.answer(), '(closed)');
    assert.match(await client.ask('vCont?'), /^vCont/);
  }));

test('a port in use is told in one line', () =>
  withServer(async (target, _client, server) => {
    const { port } = server;
    await DebugServer.listen({
      target: remote(target),
      recording: target.recording(),
      servesFiles: false,
      start: { kind: 'begin' },
      address: { kind: 'tcp', host: '127.0.0.1', port },
    }).then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.message, `port ${port} is in use; name another with -s, or -s 0 for any`),
    );
  }));

test('a client that goes away in the middle of a packet ends its session', () =>
  withServer(async (_target, client, server) => {
    client.socket.write('$m12');
    client.socket.end();
    await once(client.socket, 'close');
    const next = new Client(server.port);
    const served = server.serveOne();
    assert.match(await next.ask('?'), /^T/);
    next.socket.destroy();
    await served;
  }));

test('20,000 packets of rubbish are each answered, and the server lives', () =>
  withServer(async (target, client) => {
    let seed = 4711;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 0x1_0000_0000) * below);
    };
    // What ends a session or writes into its only process is left out.
    const begins = ['g', 'G', 'H', 'm', 'p', 'P', 'T', 'Z0,', 'z', 'vCont;', 'vFile:', 'qXfer:', 'qRcmd,', 'qSymbol:'];
    begins.push(
      'qGetTLSAddr:',
      'QCatchSyscalls:',
      'QPassSignals:',
      'vFile:pread:',
      'vFile:open:',
      'qXfer:auxv:read:',
      'b',
      '',
    );
    const tail = '0123456789abcdef,;:p.-1=Xcsr{}\x80';
    for (let round = 0; round < 20_000; round++) {
      const length = random(20);
      const text = Array.from({ length }, () => tail[random(tail.length)]).join('');
      const body = begins[random(begins.length)]! + text;
      if (/^[kDRX]/.test(body)) continue;
      client.socket.write(framePacket(body.replace(/[#$}*]/g, '')));
      let answer = await client.answer();
      while (answer.startsWith('O') && answer !== 'OK') answer = await client.answer();
      assert.not.equal(answer, '(closed)', `round ${round}: ${body}`);
    }
    assert.match(await client.ask('?'), /^T/);
    assert.ok(target.asked.length > 0);
  }));

test.run();
