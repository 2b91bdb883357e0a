/** How a kind of remote store is spoken to: where its objects are, who asks, and how its traces are listed. */
import type { Authorize, HttpClient } from './http-client.ts';

export interface Access {
  /** For messages: without what lets one in. */
  readonly name: string;
  /** The address of an object, by its path in the store: `cas/HASH`, `traces/NAME`. */
  urlOf(path: string): URL;
  readonly authorize: Authorize;
  /** The server itself compares what is put with its hash. */
  readonly checksContent: boolean;
  /** The names in `traces/`, as the server has them: in any order, and not to be trusted. @throws RemoteError */
  list(client: HttpClient): Promise<string[]>;
}

/** Folders of a remote store. */
export const contentFolder = 'cas';
export const tracesFolder = 'traces';
