/** s3rver, behind a check of signatures: of version 4 it looks at the name of the key alone. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

export const keys = { id: 'S3RVER', secret: 'S3RVER' } as const;

interface S3Server {
  callback(): RequestListener;
  configureBuckets(): Promise<unknown>;
}

interface Options {
  readonly silent: boolean;
  readonly directory: string;
  readonly configureBuckets: readonly { readonly name: string }[];
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Whether a request is signed with our secret (AWS's "Signature Version 4 signing process", the steps by their names). */
function isSigned(request: IncomingMessage): boolean {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d+)\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)$/;
  const [, id, date, region, names = '', signature] = form.exec(request.headers.authorization ?? '') ?? [];
  if (id !== keys.id || !names.split(';').includes('host')) return false;
  const { pathname, search } = new URL(request.url ?? '', 'http://host');
  const query = search.slice(1).split('&').sort().join('&');
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const payload = String(request.headers['x-amz-content-sha256']);
  const canonicalRequest = [request.method, pathname, query, headers.join(''), names, payload].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const time = String(request.headers['x-amz-date']);
  const stringToSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonicalRequest)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${keys.secret}`, date!), region!), 's3'), 'aws4_request');
  return hmac(key, stringToSign).toString('hex') === signature;
}

/** @param directory where its buckets are */
export async function withS3Server(
  directory: string,
  bucket: string,
  use: (endpoint: string) => Promise<void>,
): Promise<void> {
  const Server = createRequire(import.meta.url)('s3rver') as new (options: Options) => S3Server;
  const s3 = new Server({ silent: true, directory, configureBuckets: [{ name: bucket }] });
  await s3.configureBuckets();
  const answer = s3.callback();
  const server = createServer((request, response) => {
    if (isSigned(request)) answer(request, response);
    else response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
