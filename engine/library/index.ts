/** What `import 'rr-engine'` gives. Its types, with their documentation, are in rr-engine.d.ts. */
import { locateTrace } from '../pack/opened-packs.ts';
import { OpenTrace } from './open-trace.ts';
import type * as library from './rr-engine.d.ts';

export const openTrace: typeof library.openTrace = async (directory) => new OpenTrace(await locateTrace(directory));
