import { logger } from '../../log.ts';
import { pushTrace } from '../../remote/push-trace.ts';
import { resolveTrace } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';
import { parseRedaction } from '../redaction.ts';
import { openRemote } from '../remote-options.ts';

const log = logger('push');

/** `rr push [URL] [TRACE]...`: prints the name of each there. @throws UsageError; RemoteError; TraceError; EngineError */
export const run: RunCommand = async ({ values, operands }) => {
  const redaction = parseRedaction(values, log);
  const { remote, rest } = openRemote(values, operands);
  try {
    for (const trace of rest.length === 0 ? [undefined] : rest) {
      const directory = resolveTrace(trace);
      const pushed = await pushTrace(remote, directory, redaction);
      const { name, hash, sentBytes, totalBytes } = pushed;
      log.info(() => `${directory}: ${sentBytes} of ${totalBytes} bytes were missing at ${remote.name}`);
      if (name === undefined && !values.has('json')) {
        log.warn(`${remote.name} keeps content alone, and no names: pull by the hash that is printed`);
      }
      print(values.has('json') ? jsonText({ trace: directory, remote: remote.name, ...pushed }) : `${name ?? hash}\n`);
    }
    return 0;
  } finally {
    remote[Symbol.dispose]();
  }
};
