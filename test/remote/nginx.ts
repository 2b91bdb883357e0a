/** nginx as a content-addressed store: its WebDAV takes PUT, and its index lists traces. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param folder ours; content is below `data` */
export async function withNginx(folder: string, use: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  for (const name of ['data', 'temporary']) mkdirSync(join(folder, name), { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/temporary;`,
  );
  const lines = [
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/errors;`,
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    `events {} http { access_log off; ${temporary.join(' ')}`,
    `server { listen 127.0.0.1:${port}; root ${folder}/data; client_max_body_size 0;`,
    'dav_methods PUT; create_full_put_path on;',
    'location ~ /traces/$ { autoindex on; autoindex_format json; } } }',
  ];
  writeFileSync(join(folder, 'nginx.conf'), `${lines.join('\n')}\n`);
  const words = ['-e', join(folder, 'errors'), '-c', join(folder, 'nginx.conf'), '-p', folder];
  const nginx = spawn('nginx', words, { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH: '/usr/sbin:/usr/bin' } });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    nginx.once('error', () => resolve());
    nginx.once('exit', () => resolve());
  }).then(() => {
    hasEnded = true;
  });
  try {
    const url = `http://127.0.0.1:${port}/`;
    for (;;) {
      if (hasEnded) throw new Error('nginx has ended');
      const answer = await fetch(url).catch(() => undefined);
      if (answer !== undefined) break;
    }
    await use(url);
  } finally {
    nginx.kill('SIGTERM');
    await ended;
  }
}
