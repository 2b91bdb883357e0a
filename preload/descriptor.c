#include "descriptor.h"

#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/stat.h>

#define SYS_FSTAT __NR_fstat

// struct stat of the x86-64 kernel (asm/stat.h), as far as it is looked at.
struct file_state {
  uint64_t device, inode, links;
  uint32_t mode, user, group, padding;
  uint64_t special;
  int64_t size;
  uint64_t rest[11];
};

_Static_assert(sizeof(struct file_state) == 144, "struct stat of the kernel");

// PIPE_BUF of linux/limits.h: when poll says that a pipe or socket can be written, this much can.
#define ATOMIC_WRITE 4096
// Device numbers, MKDEV(1, 3) and MKDEV(1, 5) as user space has them.
#define DEVICE_NULL 0x103
#define DEVICE_ZERO 0x105

struct poll_request {
  int descriptor;
  short events, found;
};

static bool ready(int descriptor, short events) {
  struct poll_request request = {descriptor, events, 0};
  return rr_untraced_call(__NR_poll, (uint64_t)&request, 1, 0, 0, 0, 0) == 1;
}

bool rr_never_blocks(int descriptor) {
  const int64_t flags = rr_untraced_call(__NR_fcntl, (uint64_t)descriptor, F_GETFL, 0, 0, 0, 0);
  return rr_failed(flags) || (flags & O_NONBLOCK);
}

static bool is_recorders_output(int descriptor, const struct file_state *file) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  for (int i = 0; i < 2; i++) {
    if (file->device != locals->stdio[i].device || file->inode != locals->stdio[i].inode) continue;
    const uint64_t null = i == 0 ? RR_STDIO_IS_NULL_1 : RR_STDIO_IS_NULL_2;
    if (!(locals->flags & null) || descriptor == i + 1) return true;
  }
  return false;
}

static bool is_shared_memory(const struct file_state *file) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->flags & RR_WRITES_TRACED) return true;
  for (uint64_t i = 0; i < locals->sharedFileCount; i++) {
    if (file->device == locals->sharedFiles[i].device && file->inode == locals->sharedFiles[i].inode) return true;
  }
  return false;
}

// Or private memory that was not written yet.
static bool may_be_private_memory(const struct file_state *file) {
  const uint64_t *filter = RR_THE_LOCALS->privateFiles;
  const uint64_t bits[2] = {RR_FILE_BIT_1(file->device, file->inode), RR_FILE_BIT_2(file->device, file->inode)};
  return (filter[bits[0] / 64] >> bits[0] % 64 & 1) && (filter[bits[1] / 64] >> bits[1] % 64 & 1);
}

static bool is_mapped(const struct file_state *file) { return is_shared_memory(file) || may_be_private_memory(file); }

// Whether it could be /proc/PID/mem: it is empty, only its owner's, and on no device.
static bool may_be_memory(const struct file_state *file) {
  const uint64_t major = (file->device >> 8 & 0xfff) | (file->device >> 32 & ~0xfffUL);
  return file->size == 0 && (file->mode & 0777) == 0600 && major == 0;
}

// Whether it could be /proc/PID/status or stat, in which the recorder puts tracer and state right
// (native/record/status-file.cc), /proc/PID/personality, which only its owner may read (personality.cc), or the list of
// processors in /sys (processor-files.cc), whose files have the size of a page.
static bool may_be_status(const struct file_state *file) {
  const uint64_t major = (file->device >> 8 & 0xfff) | (file->device >> 32 & ~0xfffUL);
  const uint32_t mode = file->mode & 0777;
  return (file->size == 0 || file->size == 4096) && (mode == 0444 || mode == 0400) && major == 0;
}

// What does not change while the descriptor is open, as bits of its byte in the locals page.
enum {
  KNOWN = 1,
  READS_AT_ONCE = 2,   // whatever is there
  WRITES_AT_ONCE = 4,  // and need not be seen
  WRITES_TRACED = 8,   // the recorder must see them
  READS_TRACED = 16,   // the same
  EVERYBODYS = 32,     // everybody may read it
};

static unsigned find_out(int descriptor) {
  struct file_state file;
  if (rr_untraced_call(SYS_FSTAT, (uint64_t)descriptor, (uint64_t)&file, 0, 0, 0, 0) != 0) return WRITES_TRACED;
  unsigned found = KNOWN;
  if (S_ISREG(file.mode)) {
    // Some files of the kernel's (/proc/kmsg) make readers wait; they have no size.
    if (file.size > 0) found |= READS_AT_ONCE;
    if (file.mode & S_IROTH) found |= EVERYBODYS;
    if (may_be_status(&file)) found |= READS_TRACED;
    found |= is_mapped(&file) || may_be_memory(&file) ? WRITES_TRACED : WRITES_AT_ONCE;
  } else if (S_ISCHR(file.mode) && (file.special == DEVICE_NULL || file.special == DEVICE_ZERO)) {
    found |= READS_AT_ONCE | WRITES_AT_ONCE;
  }
  if (is_recorders_output(descriptor, &file)) found |= WRITES_TRACED;
  return found;
}

static unsigned known_of(int descriptor) {
  struct rr_locals *locals = RR_THE_LOCALS;
  if ((unsigned)descriptor >= RR_KNOWN_DESCRIPTORS || (locals->flags & RR_OWN_DESCRIPTORS)) return find_out(descriptor);
  unsigned known = locals->descriptors[descriptor];
  if (known == 0) {
    known = find_out(descriptor);
    if (known & KNOWN) locals->descriptors[descriptor] = (uint8_t)known;
  }
  return known;
}

static void forget(uint64_t descriptor) {
  if ((unsigned)descriptor < RR_KNOWN_DESCRIPTORS) RR_THE_LOCALS->descriptors[(unsigned)descriptor] = 0;
}

void rr_forget_descriptors(const struct rr_hook_frame *frame) {
  switch (frame->rax) {
    case __NR_close:
      return forget(frame->rdi);
    case __NR_dup2:
    case __NR_dup3:
      return forget(frame->rsi);
    case __NR_close_range:
      for (uint64_t i = 0; i < RR_KNOWN_DESCRIPTORS; i++) forget(i);
  }
}

enum rr_reading rr_may_read(int descriptor) {
  const unsigned known = known_of(descriptor);
  if (known & READS_TRACED) return RR_READ_TRACED;
  if (known & READS_AT_ONCE) return known & EVERYBODYS ? RR_READ_FILE : RR_READ_NOW;
  return ready(descriptor, POLLIN) || rr_never_blocks(descriptor) ? RR_READ_NOW : RR_READ_TRACED;
}

bool rr_may_write(int descriptor, uint64_t length) { return rr_may_send(descriptor, length, false); }

bool rr_may_change(int descriptor) {
  return (known_of(descriptor) & (WRITES_AT_ONCE | WRITES_TRACED)) == WRITES_AT_ONCE;
}

bool rr_may_send(int descriptor, uint64_t length, bool never_waits) {
  const unsigned known = known_of(descriptor);
  if (known & WRITES_TRACED) return false;
  if ((known & WRITES_AT_ONCE) || never_waits) return true;
  return (length <= ATOMIC_WRITE && ready(descriptor, POLLOUT)) || rr_never_blocks(descriptor);
}

bool rr_may_truncate(int directory, uint64_t path) {
  struct file_state file;
  if (rr_untraced_call(__NR_newfstatat, (uint64_t)directory, path, (uint64_t)&file, 0, 0, 0) != 0) return true;
  return !S_ISREG(file.mode) || file.size == 0 || !is_mapped(&file);
}
