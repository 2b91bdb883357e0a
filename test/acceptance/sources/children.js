// child_process: synchronous, streamed, forked with a channel, killed.
const { execSync, fork, spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.on('message', (number) => {
    process.send(number * 2);
    process.disconnect();
  });
} else {
  console.log(execSync('echo from a shell').toString().trim());
  const sort = spawn('sort', ['-r']);
  sort.stdout.on('data', (data) => console.log('sorted', JSON.stringify(data.toString())));
  sort.stdin.end('b\na\nc\n');
  sort.on('close', (status) => {
    console.log('sort ended with', status);
    const child = fork(__filename, ['child']);
    child.on('message', (number) => console.log('the child says', number));
    child.on('exit', (childStatus) => {
      console.log('the child ended with', childStatus);
      const sleeper = spawn('sleep', ['100']);
      sleeper.on('exit', (_, signal) => console.log('sleep died of', signal));
      sleeper.on('spawn', () => sleeper.kill('SIGINT'));
    });
    child.send(21);
  });
}
