// The warden of processes that have left a recording (native/record/leaving.cc). The recording's seccomp filter stays
// with them for good, and without a tracer each of their system calls would fail: so one lets them pass, until the last
// of them and of their children has ended. It outlives the recorder.
#pragma once

// `rr-launch warden PID ADDRESS WORD`
//
// PID: the process, whose one thread runs in a loop at ADDRESS. WORD: the eight bytes of the program that belong there;
// both hexadecimal. Returns 0 when the process goes on, in a child of its own that nobody waits for; else why not: an
// errno.
int runWarden(int argc, char **argv);
