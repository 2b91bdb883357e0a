// The debugger that rr replay starts: it must not outlive the replay.
#pragma once

// `rr-launch debugger PARENT SOFT PROGRAM ARGS...`
//
// PARENT: process id of rr. SOFT: the soft limit of open files that rr was started with (Node raises its own),
// hexadecimal; all ones is RLIM_INFINITY.
//
// Becomes the program, which is looked up in PATH, and gets SIGHUP when PARENT dies. Does not return but by an error:
// 127 or 126 when the program is not found or cannot be executed, with a line on standard error.
int runDebugger(int argc, char **argv);
