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
  uint64_t special, rest[12];
};

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

static bool never_blocks(int descriptor) {
  const int64_t flags = rr_untraced_call(__NR_fcntl, (uint64_t)descriptor, F_GETFL, 0, 0, 0, 0);
  return rr_failed(flags) || (flags & O_NONBLOCK);
}

bool rr_may_read(int descriptor) { return ready(descriptor, POLLIN) || never_blocks(descriptor); }

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

bool rr_may_write(int descriptor, uint64_t length) {
  struct file_state file;
  if (rr_untraced_call(SYS_FSTAT, (uint64_t)descriptor, (uint64_t)&file, 0, 0, 0, 0) != 0) return false;
  if (is_recorders_output(descriptor, &file)) return false;
  if (S_ISREG(file.mode)) return !is_shared_memory(&file);
  if (S_ISCHR(file.mode) && (file.special == DEVICE_NULL || file.special == DEVICE_ZERO)) return true;
  return (length <= ATOMIC_WRITE && ready(descriptor, POLLOUT)) || never_blocks(descriptor);
}
