// The end of a process with threads: all are there that end with it, and the one that ends it is looked at.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordGuest, says } from './debug/recording.ts';

const test = suite('debug: ends');

const cases = {
  fault: { last: /in ends \(.*\) at .*ends\.c:\d+/, told: 'is killed by SIGSEGV here' },
  signal: { last: /pthread_kill|raise/, told: 'is killed by SIGTERM here' },
  exit: { last: /_exit \(/, told: 'exits with status 3 here' },
} as const;

for (const [how, { last, told }] of Object.entries(cases)) {
  test(`by ${how}`, async () => {
    using ends = recordGuest('ends', { args: [how], flags: ['-pthread'] });
    const looks = ['echo looks\\n', 'info threads', 'backtrace', 'echo looked\\n'];
    // At the end at once, come to by itself, and come back to from before it.
    for (const commands of [
      looks,
      ['break ends', 'continue', 'continue', 'continue', ...looks],
      ['reverse-stepi', 'continue', 'continue', ...looks],
    ]) {
      const isAtOnce = commands === looks || commands[0] === 'reverse-stepi';
      const said = await ends.gdb([...commands, 'continue'], ...(isAtOnce ? ['-e'] : []));
      const looked = said.slice(said.indexOf('looks\n'), said.indexOf('looked\n'));
      const threads = looked.split('\n').filter((line) => /^[* ] +\d+ +Thread/.test(line));
      assert.is(threads.length, 5, said);
      says(looked, /^\* +\d+ +Thread/m);
      assert.match(looked, last, said);
      assert.match(looked, /#\d+ .*ends \(/, said);
      says(said, told);
    }
  });
}

for (const [what, settings] of Object.entries({
  '--max-time kills it': { recordOptions: ['--max-time', '1s', '--at-cap', 'kill'] },
  'a signal kills it': { args: ['alarm'] },
})) {
  test(`a program that hangs is shown where it is when ${what}`, async () => {
    using hangs = recordGuest('hangs', settings);
    const commands = ['backtrace', 'print sum != 0', 'reverse-stepi', 'reverse-finish', 'frame', 'stepi', 'frame'];
    const said = await hangs.replay(['-e'], ['-batch', ...commands.flatMap((each) => ['-ex', each])]);
    says(said, /^#0 .*inner \(rounds=100000\)/m);
    says(said, /^#1 .* main \(/m);
    says(said, '$1 = 1');
    says(said, /^#0 +0x[0-9a-f]+ in main \(/m);
    says(said, /^#0 +inner \(rounds=/m);
  });
}

test.run();
