// A recording inside a recording: `rr record --nested=ignore` lets the program simply run, and be recorded by the
// outer one; with --nested=release nobody records it.
#pragma once

// Node reads the options, but cannot become another program, and has changed what that program inherits. So, inside a
// recording (RUNNING_UNDER_RR=1), Node runs in a child of the front, which gets
//
//   _RR_NESTED_FD=N     the descriptor to answer to
//
// If Node answers, with a list of strings each followed by a zero byte (`record` or `release`, the number of words at
// the end of the command line that are the program and its arguments, then NAME=VALUE for each variable to set), the
// front becomes that program. Else it ends as Node did.
//
// Returns 0 in the child, which becomes Node. Does not return in the parent, unless there is no child: then it is the
// exit status, and standard error tells why. argv is the front's.
int forkNested(int argc, char **argv);

// prctl(2)'s option with which a recorded process asks that its next program be unrecorded: `release`. No number of the
// kernel's, which answers EINVAL outside of a recording.
#define RR_LEAVE_AT_EXEC 0x72724c56
