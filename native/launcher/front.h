// The front: what bin/rr executes before Node, to remember what Node destroys when it starts.
#pragma once

// bin/rr is a link to rr-launch, and no script: a shell would lose variables whose names it does not like (exported
// functions of bash), reorder the rest and add its own. The front executes $RR_NODE, else `node` of the PATH, with the
// bundle (dist/rr.cjs, two folders above the executable's) and the command line, and adds to the environment
//
//   _RR_FRONT=IGNORED:BLOCKED:SOFT:HARD:CLOSED      (hexadecimal)
//
// the sets of ignored and of blocked signals (bit N - 1 is signal N), both RLIMIT_NOFILE (RLIM_INFINITY is all ones),
// and which of the descriptors 0, 1 and 2 are closed (bit N is descriptor N). Node ignores SIGPIPE and SIGXFSZ, raises
// the soft limit, and opens /dev/null on closed standard descriptors. And
//
//   _RR_DESCRIPTORS=N,N,...,
//
// the descriptors that are open and inherited: Node sets FD_CLOEXEC on all that it finds.
//
// Node itself starts with no signal blocked, and without the variables that steer it (NODE_OPTIONS, NODE_PATH, ...):
// they are meant for the program, and wait under the name _RR_NODE_.... One of them alone, NODE_EXTRA_CA_CERTS, has
// been seen to more than double the time that Node takes to start.
//
// argv is that of rr. Does not return unless it fails: 1 when there is no bundle, 127 or 126 when Node is not found or
// cannot be executed, with a line on standard error.
int runFront(int argc, char **argv);
