/**
 * The small parts of the AWS SDK that S3 takes: who we are by the usual environment (variables, profiles, roles of a
 * container, a machine or a web identity), and the signature of a request. A bundle of its own, loaded when it is needed.
 */
import { createHash, createHmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from './http-client.ts';

/** The hash as the signer wants it. */
class Sha256 {
  readonly #sum;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#sum = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#sum.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#sum.digest();
  }

  reset(): void {
    throw new RangeError('the signer makes a new one for each');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** Headers that sign a request to S3. The promise is rejected where nobody says who we are. */
export function s3Signer(region: string): (request: HttpRequest) => Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: defaultProvider(),
    sha256: Sha256,
    // S3 alone takes the path as it is.
    uriEscapePath: false,
  });
  return async ({ method, url, headers, body }) => {
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host, 'x-amz-content-sha256': hash },
      body,
    });
    return signed.headers;
  };
}
