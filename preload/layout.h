// What the in-tracee runtime and the tracer agree on: addresses, the locals page, the entries of the buffer.
//
// The runtime lives at fixed low addresses, so that a stub anywhere reaches it by 32-bit absolute operands. Only its
// first page is there from the start of a program; the rest is mapped when the first system call site is patched.
// docs/syscall-buffer.md tells how it works. Included by C, C++ and assembly.
#ifndef RR_PRELOAD_LAYOUT_H
#define RR_PRELOAD_LAYOUT_H

// `syscall; int3` for the tracer's own calls, and `syscall; ret` for the hook's. The recording's seccomp filter lets
// both through.
#define RR_UNTRACED 0x70000000
#define RR_UNTRACED_RETURNING 0x70000010
// Code of the runtime, for recording and for replay.
#define RR_CODE 0x70002000
#define RR_CODE_SIZE 0x6000
// What follows is writable: one page of locals, the hook's stack, the buffer.
#define RR_LOCALS 0x70008000
#define RR_STACK_TOP 0x7000f000
#define RR_BUFFER 0x70010000
#define RR_BUFFER_SIZE 0x40000
#define RR_WRITABLE RR_LOCALS
#define RR_WRITABLE_SIZE (RR_BUFFER + RR_BUFFER_SIZE - RR_LOCALS)
#define RR_RUNTIME_END (RR_BUFFER + RR_BUFFER_SIZE)

// Offsets in the locals page that assembly uses.
#define RR_LOCALS_ENTRY 0
#define RR_LOCALS_SAVED_STACK 8
#define RR_LOCALS_RETURN 16
#define RR_LOCALS_TIME_ENTRY 80
#define RR_LOCALS_TIME_AUX_ENTRY 88
#define RR_LOCALS_TIME_LENGTH 96
#define RR_LOCALS_SAVED_RCX 104
#define RR_LOCALS_SAVED_R11 112

// Bytes that the hook's entry pushes: struct rr_hook_frame.
#define RR_HOOK_FRAME_SIZE 120

// Bytes of rdtsc and rdtscp.
#define RR_RDTSC_LENGTH 2
#define RR_RDTSCP_LENGTH 3

// A call that a new program makes for the tracer while our page is not there yet: mmap or mprotect with this as the
// fifth argument, which neither of them looks at where memory is anonymous. The recording's seccomp filter lets it
// through.
#define RR_SET_UP_MARK_LOW 0x7365742d
#define RR_SET_UP_MARK_HIGH 0x72722d75

// Numbers of steps that are no system call, and bytes of a step.
#define RR_SET_UP_COPY -2
#define RR_SET_UP_END -1
#define RR_SET_UP_STEP_SIZE 64

#define RR_RUNTIME_MAGIC 0x656d69746e757273

#ifndef __ASSEMBLER__
#include <stdint.h>

// At the start of the code: where its parts are. Addresses.
struct rr_runtime_header {
  uint64_t magic;
  uint64_t recordEntry;  // the hook, by what it does
  uint64_t replayEntry;
  uint64_t afterTraced;  // where the traced system call instruction leaves rip
  uint64_t abort;        // gives up a call that has not happened: it is made traced
  uint64_t afterStop;    // where replay's trap behind a buffered call leaves rip
  uint64_t end;          // of the code
  uint64_t recordCall;   // up to here, from recordEntry on, rcx is still the return address
  // The same for rdtsc; rdtscp has entries of its own.
  uint64_t recordTimeEntry;
  uint64_t recordTimeAuxEntry;
  uint64_t recordTimeCall;
  uint64_t replayTimeEntry;
  uint64_t replayTimeAuxEntry;
  uint64_t timeTrap;   // the instruction that traps for one which is not buffered
  uint64_t timeAbort;  // gives up one that has not happened
  uint64_t afterTimeStop;
  uint64_t setUp;  // set-up.S, which runs anywhere: up to setUpEnd
  uint64_t setUpEnd;
};

// What a new program is to do before its first instruction (set-up.S): a system call, or to copy bytes.
struct rr_set_up_step {
  int64_t number;         // of the system call; RR_SET_UP_COPY; RR_SET_UP_END: nothing more
  uint64_t arguments[6];  // of the call; or where to copy to, how many bytes, and those: 32 at most
  int64_t expected;       // what the call must give
};

// How the time stamp counter is told from the kernel's raw monotonic clock, which can be read without a trap:
// stamp + ((clock now - clock) * multiplier >> 32).
struct rr_time_scale {
  uint64_t clock;       // nanoseconds
  uint64_t stamp;       // what the counter was then
  uint64_t multiplier;  // counts a nanosecond, times 2^32; 0: not known, the instructions trap
};

// A file (st_dev, st_ino).
struct rr_file_identity {
  uint64_t device;
  uint64_t inode;
};

// Bytes [start, end).
struct rr_address_range {
  uint64_t start;
  uint64_t end;
};

#define RR_SHARED_FILES 32
#define RR_SHARED_RANGES 16
#define RR_OWN_RANGES 32
// Files that are mapped privately, as a set that may hold others too: two bits for each, in words of 64.
#define RR_FILE_FILTER_WORDS 128
#define RR_FILE_MIX(device, inode) (((inode) + (device)*0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL)
#define RR_FILE_BIT_1(device, inode) (RR_FILE_MIX(device, inode) >> 51)
#define RR_FILE_BIT_2(device, inode) (RR_FILE_MIX(device, inode) >> 38 & 0x1fff)
// What is known of descriptors is kept for those below this.
#define RR_KNOWN_DESCRIPTORS 256

// The locals page. What the tracer reads at a stop comes first.
struct rr_locals {
  uint64_t entry;          // address of the hook that stubs jump to
  uint64_t savedStack;     // rsp of the program while the hook runs
  uint64_t returnAddress;  // behind the system call instruction, of the call under way or the last one
  uint64_t used;           // bytes of entries in the buffer
  uint64_t next;           // replay: offset of the entry that comes next
  uint64_t callsLeft;      // recording: so many more are buffered, then a call goes traced
  // Recording: the call that goes traced has been made already, with this result: its entry had no room, or what it did
  // is for the tracer to record. The tracer writes it down, and clears `made`.
  // Replay: the call that goes traced is that of the next entry, but what it reads is not; enum rr_difference, and the
  // address of the string, or the hash found.
  uint64_t made;
  int64_t madeResult;
  // Recording, rt_sigprocmask: RR_MASK_UNCHANGED while the call is under way and has not changed the mask yet; the
  // kernel itself stores the mask as it was.
  uint64_t maskBefore;
  // Recording: what buffered changes of the mask have made of SIGSYS and SIGSEGV since the tracer has looked; bits of
  // enum rr_mask_change.
  uint64_t maskChange;
  uint64_t timeEntry;     // address of the hook that stubs of rdtsc jump to
  uint64_t timeAuxEntry;  // of rdtscp
  // Bytes of the rdtsc or rdtscp under way. 0: none is.
  uint64_t timeLength;
  // The program's, while the hook does the work of rdtsc, which changes neither; rdtscp's rcx, as it leaves it.
  uint64_t savedRcx;
  uint64_t savedR11;
  uint64_t flags;  // rr_flag
  // Recording: standard output and error of the recorder, which no write may reach unseen, and files that some task of
  // the recording has mapped shared.
  struct rr_file_identity stdio[2];
  uint64_t sharedFileCount;
  struct rr_file_identity sharedFiles[RR_SHARED_FILES];
  // Recording: memory of this address space that others may change (MAP_SHARED), which is not hashed.
  uint64_t sharedRangeCount;
  struct rr_address_range sharedRanges[RR_SHARED_RANGES];
  // Recording: files that some task has mapped privately, by RR_FILE_BIT_1 and RR_FILE_BIT_2.
  uint64_t privateFiles[RR_FILE_FILTER_WORDS];
  // Recording: what the hook has found out about descriptors (descriptor.c), 0: nothing. Whoever closes or replaces a
  // descriptor clears it, the hook or the tracer.
  uint8_t descriptors[RR_KNOWN_DESCRIPTORS];
  struct rr_time_scale timeScale;  // recording
  // Recording: memory of the recorder's, beside that of the runtime itself, which calls of the program must not change.
  uint64_t ownRangeCount;
  struct rr_address_range ownRanges[RR_OWN_RANGES];
};

// No mask: SIGKILL is never blocked.
#define RR_MASK_UNCHANGED (~0ULL)

enum rr_mask_change { RR_MASK_CHANGED = 1, RR_SYS_BLOCKED = 2, RR_FAULT_BLOCKED = 4 };

enum rr_flag {
  RR_ALL_TRACED = 1,       // no call is buffered
  RR_WRITES_TRACED = 2,    // more files are mapped shared than there is room for
  RR_STDIO_IS_NULL_1 = 4,  // the recorder's standard output, or error, is /dev/null: only descriptor 1, or 2, counts
  RR_STDIO_IS_NULL_2 = 8,
  RR_OWN_DESCRIPTORS = 16,  // tasks with other descriptors use these locals (vfork): nothing is known of any
  RR_TIME_TRACED = 32,      // rdtsc traps: the program has other clocks, or its own trap
  RR_STOPS_UNTOLD = 64,     // some task has asked for SIGCHLD without stops
  RR_SENT_UNKNOWN = 128,    // more memory is shared than there is room for: nothing is hashed
  RR_MEMORY_TRACED = 256,   // the recorder has more memory than there is room for
};

enum rr_difference { RR_STRING_DIFFERS = 1, RR_SENT_DIFFERS = 2 };

// Numbers of entries that are no system call: this, and a trap kind of engine/schema. The result is the whole counter;
// rdtscp has one argument, what it leaves in rcx.
#define RR_TRAP_ENTRY 0x8000
#define RR_ENTRY_RDTSC (RR_TRAP_ENTRY + 1)
#define RR_ENTRY_RDTSCP (RR_TRAP_ENTRY + 2)

// One buffered call, or rdtsc: this, the arguments of 8 bytes, with RR_HAS_SENT 8 bytes more for the hash of what it
// sends (sent-hash.h; 0: not known), then `outCount` times rr_buffer_out and its bytes, padded to 8.
struct rr_buffer_entry {
  uint32_t size;  // whole, a multiple of 8
  uint16_t number;
  uint8_t argumentCount;  // and RR_HAS_SENT, RR_READS_FILE
  uint8_t outCount;
  uint64_t returnAddress;  // behind the system call instruction; the highest bit: replay stops behind this call
  int64_t result;
};

// What the call wrote; with RR_STRING a string that it read, without its end, which replay compares.
struct rr_buffer_out {
  uint64_t address;
  uint64_t length;  // and RR_STRING
};

#define RR_HAS_SENT 0x80
// Until it is encoded (engine/trace/slot-pieces.ts): the call has read a regular file that everybody may read.
#define RR_READS_FILE 0x40
#define RR_STRING (1ULL << 63)
// The kernel takes no longer string. Bytes.
#define RR_LONGEST_STRING 4096
// Of what a call may send so much is hashed, whatever it does send; what lies behind that, as far as it was sent.
// Bytes.
#define RR_SENT_ALWAYS 0x10000

#define RR_STOP_BEHIND (1ULL << 63)
#endif

#endif
