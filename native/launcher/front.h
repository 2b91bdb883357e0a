// The front: what bin/rr executes before Node, to remember what Node destroys when it starts.
#pragma once

// `rr-launch front SCRIPT ARGS...` executes $RR_NODE, else `node` of the PATH, with SCRIPT and ARGS, and adds to the
// environment
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
// argv[0] is the word `front`, and is overwritten. Does not return unless it fails: 2 when there is no script,
// 127 or 126 when Node is not found or cannot be executed, with a line on standard error.
int runFront(int argc, char **argv);
