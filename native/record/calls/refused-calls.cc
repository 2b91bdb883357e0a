#include "record/calls/refused-calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "generated/syscalls.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// MADV_COLLAPSE, since Linux 6.1.
constexpr int kCollapse = 25;

// Calls that the recorder answers with ENOSYS; libraries fall back (DESIGN.md, "Recording"). The memory of
// memfd_secret(2) is closed to tracers.
bool isRefused(long call) {
  return call == SYS_rseq || call == SYS_io_uring_setup || call == SYS_io_uring_enter ||
         call == SYS_io_uring_register || call == SYS_io_setup || call == SYS_memfd_secret;
}

// The same for those that programs cannot do without: they are told. Memory would change behind every event.
bool isUnsupported(long call) { return call == SYS_userfaultfd || call == SYS_remap_file_pages; }

// The flags of userfaultfd(2) are below; the kernel refuses others itself.
constexpr uint64_t kUserFaultFlags = O_CLOEXEC << 1;

// Of /dev/userfaultfd: makes what userfaultfd(2) makes (linux/userfaultfd.h).
constexpr uint32_t kNewUserFault = 0xaa00;

// Where the descriptor that is a call's first argument leads, as far as that is short.
std::string descriptorTarget(const Task& task) {
  char target[32];
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return {target, static_cast<size_t>(length > 0 ? length : 0)};
}

bool opensUserFault(const Task& task) {
  if (task.call != SYS_ioctl || static_cast<uint32_t>(task.arguments[1]) != kNewUserFault) return false;
  return descriptorTarget(task) == "/dev/userfaultfd";
}

// Rings of packets (packet(7)), and the memory of AF_XDP sockets: the kernel writes there whenever a packet comes.
bool sharesPackets(const Task& task) {
  if (task.call != SYS_setsockopt) return false;
  const int level = static_cast<int>(task.arguments[1]);
  const int option = static_cast<int>(task.arguments[2]);
  const bool isRing = level == SOL_PACKET && (option == PACKET_RX_RING || option == PACKET_TX_RING);
  return (isRing || (level == SOL_XDP && option == XDP_UMEM_REG)) && descriptorTarget(task).starts_with("socket:");
}

// What changes another process's memory is refused, as by kernels before Linux 6.13, which did that to nobody else's.
bool changesMemory(int advice) {
  return advice != MADV_COLD && advice != MADV_PAGEOUT && advice != MADV_WILLNEED && advice != kCollapse;
}

}  // namespace

EntryAnswer RefusedCalls::enter(const Task& task) {
  const long call = task.call;
  if (opensUserFault(task)) {
    log_.warnOnce("userfaultfd",
                  "the program uses /dev/userfaultfd, which is not supported under a recording: it gets ENOTTY");
    return EntryAnswer::of(-ENOTTY);
  }
  if (sharesPackets(task)) {
    log_.warnOnce("packet ring",
                  "the program asks for packets in its memory (PACKET_RX_RING and the like), which is not "
                  "supported under a recording: it gets ENOPROTOOPT");
    return EntryAnswer::of(-ENOPROTOOPT);
  }
  if (isUnsupported(call) && (call != SYS_userfaultfd || static_cast<unsigned>(task.arguments[0]) < kUserFaultFlags)) {
    log_.warnOnce(syscallModel(call).name, std::string("the program uses ") + syscallModel(call).name +
                                               ", which is not supported under a recording: it gets ENOSYS");
    return EntryAnswer::of(-ENOSYS);
  }
  if (isRefused(call)) return EntryAnswer::of(-ENOSYS);
  // The child would be none of ours; libraries then do without clone3, whose flags stand in the program's memory.
  if (call == SYS_clone3 && (task.making.flags & CLONE_UNTRACED)) return EntryAnswer::of(-ENOSYS);
  if (call == SYS_process_madvise && changesMemory(static_cast<int>(task.arguments[3])))
    return EntryAnswer::of(-EINVAL);
  return {};
}

}  // namespace rr
