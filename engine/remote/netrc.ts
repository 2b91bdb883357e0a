/** ~/.netrc, or the file that NETRC names: user and password by host, as curl(1) and git(1) take them. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from '../small-file.ts';
import { systemReason } from '../trace/trace-error.ts';
import { RemoteError } from './remote-error.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Bytes. */
const mostBytes = 1 << 20;

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when there is no such file, or nothing in it for the host. @throws RemoteError REMOTE_REFUSED */
export function netrcLogin(host: string, environment: Environment = process.env): Login | undefined {
  const path = environment.NETRC || join(environment.HOME || homedir(), '.netrc');
  let text: string;
  try {
    text = readSmallFile(path, mostBytes).toString();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RemoteError('REMOTE_REFUSED', `cannot read ${path}: ${systemReason(cause)}`, { cause });
  }
  return loginIn(text, host);
}

/** The first entry that fits: `machine HOST login USER password WORD`, or `default`. */
export function loginIn(text: string, host: string): Login | undefined {
  const words = text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .join('\n')
    .split(/\s+/);
  let fits = false;
  let user: string | undefined;
  let password: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === 'machine' || word === 'default') {
      if (fits && password !== undefined) break;
      fits = word === 'default' || words[++at] === host;
      user = undefined;
      password = undefined;
    } else if (word === 'login') user = words[++at];
    else if (word === 'password') password = words[++at];
    else if (word === 'account') at++;
  }
  return fits && password !== undefined ? { user: user ?? '', password } : undefined;
}
