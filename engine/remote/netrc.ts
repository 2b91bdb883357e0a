/** ~/.netrc, or the file that NETRC names: user and password by host, as curl(1) and git(1) take them. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Login {
  readonly user: string;
  readonly password: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when there is no such file, or nothing in it for the host. */
export function netrcLogin(host: string, environment: Environment = process.env): Login | undefined {
  const path = environment.NETRC || join(environment.HOME || homedir(), '.netrc');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
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
