/** `rr replay` on a terminal, driven line by line as scripts with pexpect do. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { rrCommand } from '../harness/recording.ts';
import { strict } from './recording.ts';

const script = fileURLToPath(new URL('interact.py', import.meta.url));
const environment = {
  PATH: process.env.PATH ?? '',
  HOME: '/proc/nonexistent',
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
  ...strict,
};

export interface Answers {
  /** What came behind each line, up to the next prompt. */
  readonly answers: readonly string[];
  /** What came behind the last of the lines with that text. @throws Error where there is none */
  to(line: string): string;
  /** The exit status of rr; null when a signal has ended it. */
  readonly status: number | null;
}

/**
 * Sends the lines one after the other, each when the prompt is there; `^C LINE` presses Ctrl-C once the line's command
 * runs. @throws Error with all that was said when a prompt does not come
 */
export async function interact(
  trace: string,
  lines: readonly string[],
  options: readonly string[] = [],
): Promise<Answers> {
  const command = [rrCommand, 'replay', ...options, trace, '--', '-nx'];
  const python = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  python.stdin.end(JSON.stringify({ command, environment, lines }));
  const output: Buffer[] = [];
  let errors = '';
  python.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  python.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    python.on('error', reject);
    python.on('close', resolve);
  });
  if (status !== 0) throw new Error(`the session on a terminal failed:\n${errors}`);
  const result = JSON.parse(Buffer.concat(output).toString()) as { answers: string[]; status: number | null };
  const to = (line: string): string => {
    const index = lines.lastIndexOf(line);
    if (index < 0) throw new Error(`no line ${line}`);
    return result.answers[index + 1]!;
  };
  return { answers: result.answers, status: result.status, to };
}
