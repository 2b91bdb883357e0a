/** The entry of `rr`. Standard input and output are the recorded program's: nothing here touches process.stdin/stdout. */
import { runCommandLine } from './command-line.ts';

// A worker pool or a socket that is still open must not keep the process: the command has ended. No top-level await:
// the bundle is CommonJS.
runCommandLine(process.argv.slice(2)).then((status) => process.exit(status));
