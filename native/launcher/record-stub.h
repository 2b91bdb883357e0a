// The record stub: the first program that the recorder traces; it becomes the recorded program.
#pragma once

// `rr-launch record-stub READY REPORT IGNORED BLOCKED SOFT HARD CLOSED TIME FIXED PROGRAM ARGV0 ARGS...`
//
// READY: descriptor to read one byte from before going on: by then the tracer has attached. REPORT: descriptor that
// gets a struct LaunchReport if the program cannot be executed. IGNORED, BLOCKED, SOFT, HARD, CLOSED: the state that
// the program inherits, as the front found it (front.h), hexadecimal. TIME: 1 when rdtsc is to trap (PR_SET_TSC), if it
// can be made to, else 0. FIXED: 1 when addresses are not to be randomised (ADDR_NO_RANDOMIZE), else 0. The environment
// is the program's own.
//
// It makes rdtsc trap, installs the recording's seccomp filter and executes the program.
int runRecordStub(int argc, char **argv);

// What the recording's seccomp filter says of a call (PTRACE_GETEVENTMSG): it is an x86-64 one, or not. No numbers that
// a program's own filter would choose.
#define RR_VERDICT_NATIVE 0x7272
#define RR_VERDICT_OTHER 0x7273

enum LaunchStep { kLaunchSeccomp = 1, kLaunchTsc = 2, kLaunchExec = 3 };

struct LaunchReport {
  int step;   // an enum LaunchStep
  int error;  // errno
};
