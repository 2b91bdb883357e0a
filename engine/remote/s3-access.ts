/** S3, and what speaks like it: `s3://BUCKET/PREFIX`. Where it is and who we are tells the usual environment of AWS. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importModule } from '../import-module.ts';
import { packageRoot } from '../package-root.ts';
import { type Access, tracesFolder } from './access.ts';
import { type HttpClient, type HttpRequest, plain } from './http-client.ts';
import { RemoteError } from './remote-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Signer = (request: HttpRequest) => Promise<Record<string, string>>;

const mostListBytes = 8 << 20;
/** Of 1,000 names each. */
const mostPages = 1000;

/** @throws RemoteError REMOTE_URL */
export function s3Access(address: URL, environment: Environment = process.env): Access {
  const bucket = address.hostname;
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(bucket)) {
    throw new RemoteError('REMOTE_URL', `${address.href}: expected s3://BUCKET/PREFIX`);
  }
  const prefix = address.pathname.replace(/^\/+|\/+$/g, '');
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1';
  const base = bucketUrl(bucket, region, environment);
  const keyOf = (path: string) => (prefix === '' ? path : `${prefix}/${path}`);
  const name = `s3://${bucket}/${prefix}`;
  let signer: Promise<Signer> | undefined;
  const authorize = async (request: HttpRequest): Promise<Record<string, string>> => {
    if (request.url.origin !== base.origin) return {};
    signer ??= loadSigner(region);
    const sign = await signer;
    try {
      return await sign(request);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      const what = `${name}: nothing says who we are: ${reason}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`;
      throw new RemoteError('REMOTE_REFUSED', what, { cause });
    }
  };
  return {
    name,
    urlOf: (path) => new URL(keyOf(path), base),
    authorize,
    // By the signature.
    checksContent: true,
    list: (client) => list(client, base, keyOf(`${tracesFolder}/`)),
  };
}

/** A named endpoint has buckets in its path; that of AWS in the name of the host, where that is no domain of its own. */
function bucketUrl(bucket: string, region: string, environment: Environment): URL {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  if (endpoint) {
    if (!URL.canParse(endpoint))
      throw new RemoteError('REMOTE_URL', `AWS_ENDPOINT_URL ${endpoint}: expected an address`);
    const url = new URL(endpoint);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${bucket}/`;
    return url;
  }
  const host = `s3.${region}.amazonaws.com`;
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`);
}

/** The bundle of the SDK's parts; its source where this is a source. */
async function loadSigner(region: string): Promise<Signer> {
  const path = import.meta.url.endsWith('.ts') ? 'engine/remote/aws.ts' : 'dist/aws.mjs';
  const aws = (await importModule(pathToFileURL(join(packageRoot, path)).href)) as typeof import('./aws.ts');
  return aws.s3Signer(region);
}

/** ListObjectsV2, page by page. */
async function list(client: HttpClient, base: URL, prefix: string): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const url = new URL(base);
    url.searchParams.set('list-type', '2');
    url.searchParams.set('prefix', prefix);
    if (token !== undefined) url.searchParams.set('continuation-token', token);
    const { status, body } = await client.send({ method: 'GET', url, headers: {} }, mostListBytes);
    const text = body.toString();
    if (status !== 200) {
      const code = status === 401 || status === 403 ? 'REMOTE_REFUSED' : 'REMOTE_FAILED';
      throw new RemoteError(
        code,
        `${plain(url)}: it does not list: HTTP ${status} ${elements(text, 'Code')[0] ?? ''}`.trim(),
      );
    }
    for (const key of elements(text, 'Key')) {
      if (key.startsWith(prefix) && key.length > prefix.length) names.push(key.slice(prefix.length));
    }
    [token] = elements(text, 'NextContinuationToken');
    if (token === undefined) return names;
  }
  return names;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replace(/&(\w+);/g, (all, entity: string) => entities[entity] ?? all),
  );
}
