/** Real gdb, without the user's own settings. */
import { spawn } from 'node:child_process';

const limitMilliseconds = 60_000;

/** Runs it in batch mode and gives all that it said. @throws Error when it does not end */
export function runGdb(words: readonly string[], commands: readonly string[]): Promise<string> {
  const expressions = commands.flatMap((command) => ['-ex', command]);
  const gdb = spawn('gdb', ['-q', '-nx', '-batch', ...words, ...expressions], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', COLUMNS: '200', LINES: '200' },
  });
  let said = '';
  for (const stream of [gdb.stdout, gdb.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      gdb.kill('SIGKILL');
      reject(new Error(`gdb does not end; it said:\n${said}`));
    }, limitMilliseconds);
    gdb.on('error', reject);
    gdb.on('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}
