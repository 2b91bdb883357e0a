// Makes real system calls in its own process and compares memory before and after: every byte of the arena that the
// kernel changed must be in a range that OutParameters tells. Each call is made over memory filled with two patterns,
// so that a byte written as it was is seen at least once. Prints a line a failed call; the last line is `N calls, M
// failed`.
//
// The upper halves of 32-bit arguments are poisoned where the kernel must not look at them.
#include "record/out-parameters.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/ioctl.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace {

constexpr size_t kArena = 256 * 1024;
constexpr uint64_t kPoison = 0xdeadbeef00000000;
uint8_t* arena;
int calls, failures;
rr::TraceeMemory memory;

uint64_t word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }
uint64_t low(int value) { return kPoison | static_cast<uint32_t>(value); }
template <typename T>
T* at(size_t offset) {
  return reinterpret_cast<T*>(arena + offset);
}
uint8_t* arenaEnd() { return arena + kArena; }

struct Call {
  long number;
  std::vector<uint64_t> arguments;
};

enum class Expect { success, any, failure };

// `prepare` sets up what the call reads, in the arena and outside, and tells the call. It runs once a pattern.
void check(const char* what, const std::function<Call()>& prepare, Expect expect = Expect::success) {
  calls++;
  for (const int pattern : {0x00, 0xa5}) {
    memset(arena, pattern, kArena);
    const Call call = prepare();
    uint64_t arguments[6] = {};
    for (size_t i = 0; i < call.arguments.size(); i++) arguments[i] = call.arguments[i];
    const std::vector<uint8_t> before(arena, arena + kArena);
    static rr::OutParameters out;
    out.enter(call.number, arguments, memory);
    long result =
        syscall(call.number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    if (result == -1) result = -errno;
    std::vector<rr::OutRange> ranges;
    out.exit(result, memory, ranges);
    const bool failed = result < 0 && result >= -4095;
    if (expect != Expect::any && failed != (expect == Expect::failure)) {
      printf("%s: the call gave %ld\n", what, result);
      failures++;
      return;
    }
    std::vector<bool> told(kArena);
    const auto mark = [](std::vector<bool>& set, uint64_t address, uint64_t length) {
      for (uint64_t i = 0; i < length && address + i < word(arenaEnd()); i++) {
        if (address + i >= word(arena)) set[address + i - word(arena)] = true;
      }
    };
    for (const rr::OutRange& range : ranges) mark(told, range.address, range.length);
    for (size_t i = 0; i < kArena; i++) {
      if (arena[i] != before[i] && !told[i]) {
        printf("%s: byte %zu of the arena was written (%02x to %02x), and is in no range (result %ld)\n", what, i,
               before[i], arena[i], result);
        failures++;
        return;
      }
    }
    if (!out.modelled() || out.warning()) {
      printf("%s: not modelled: %s\n", what, out.warning().value_or("no warning").c_str());
      failures++;
      return;
    }
  }
}

// O_TMPFILE is not known to every file system.
int temporaryFile() {
  char name[] = "/tmp/rr-out-parameters-XXXXXX";
  const int file = mkstemp(name);
  if (file < 0 || unlink(name) != 0 || ftruncate(file, 100000) != 0) _exit(2);
  return file;
}

int filledPipe(const char* text) {
  int ends[2];
  if (pipe(ends) != 0 || write(ends[1], text, strlen(text)) < 0) _exit(2);
  close(ends[1]);
  return ends[0];
}

iovec* vectors(size_t offset, std::initializer_list<iovec> list) {
  iovec* array = at<iovec>(offset);
  size_t i = 0;
  for (const iovec& each : list) array[i++] = each;
  return array;
}

void files() {
  check("read", [] { return Call{SYS_read, {low(filledPipe("some text")), word(arena + 5), 4096}}; });
  check(
      "read at the end of memory",
      [] {
        return Call{SYS_read, {low(filledPipe("some longer text")), word(arenaEnd() - 5), 4096}};
      },
      Expect::any);
  check("pread64", [] { return Call{SYS_pread64, {low(open("/proc/self/exe", O_RDONLY)), word(arena), 5000, 64}}; });
  check("readv", [] {
    return Call{SYS_readv,
                {low(filledPipe("some text")),
                 word(vectors(1000, {{arena, 3}, {arena + 100, 0}, {arena + 50, 4}, {arena + 70, 90}})), 4}};
  });
  check("preadv2", [] {
    return Call{
        SYS_preadv2,
        {low(open("/proc/self/exe", O_RDONLY)), word(vectors(9000, {{arena, 300}, {arena + 4000, 4000}})), 2, 0, 0, 0}};
  });
  check("stat", [] { return Call{SYS_stat, {word("/"), word(arena)}}; });
  check(
      "stat at the end of memory",
      [] {
        return Call{SYS_stat, {word("/"), word(arenaEnd() - 100)}};
      },
      Expect::failure);
  check("lstat", [] { return Call{SYS_lstat, {word("/tmp"), word(arena)}}; });
  check("fstat", [] { return Call{SYS_fstat, {low(0), word(arena)}}; });
  check("newfstatat", [] { return Call{SYS_newfstatat, {low(AT_FDCWD), word("/tmp"), word(arena), 0}}; });
  check("statx", [] { return Call{SYS_statx, {low(AT_FDCWD), word("/tmp"), 0, 0xfff, word(arena)}}; });
  check("statfs", [] { return Call{SYS_statfs, {word("/"), word(arena)}}; });
  check("fstatfs", [] { return Call{SYS_fstatfs, {low(temporaryFile()), word(arena)}}; });
  check(
      "ustat",
      [] {
        struct stat root;
        stat("/", &root);
        return Call{SYS_ustat, {root.st_dev, word(arena)}};
      },
      Expect::any);
  check("readlink", [] { return Call{SYS_readlink, {word("/proc/self/exe"), word(arena), low(4096)}}; });
  check("readlinkat cut off", [] {
    return Call{SYS_readlinkat, {low(AT_FDCWD), word("/proc/self/exe"), word(arena), low(3)}};
  });
  check("getcwd", [] { return Call{SYS_getcwd, {word(arena), 4096}}; });
  check("getdents64", [] { return Call{SYS_getdents64, {low(open("/usr", O_RDONLY)), word(arena), low(4096)}}; });
  check("getdents", [] { return Call{SYS_getdents, {low(open("/usr", O_RDONLY)), word(arena), low(4096)}}; });
  check(
      "name_to_handle_at",
      [] {
        *at<uint32_t>(0) = 128;
        return Call{SYS_name_to_handle_at, {low(AT_FDCWD), word("/tmp"), word(arena), word(arena + 1000), 0}};
      },
      Expect::any);
  check(
      "name_to_handle_at without room",
      [] {
        *at<uint32_t>(0) = 0;
        return Call{SYS_name_to_handle_at, {low(AT_FDCWD), word("/tmp"), word(arena), word(arena + 1000), 0}};
      },
      Expect::failure);
  check(
      "fgetxattr",
      [] {
        const int file = temporaryFile();
        fsetxattr(file, "user.name", "value", 5, 0);
        return Call{SYS_fgetxattr, {low(file), word("user.name"), word(arena), 100}};
      },
      Expect::any);
  check(
      "flistxattr",
      [] {
        const int file = temporaryFile();
        fsetxattr(file, "user.name", "value", 5, 0);
        return Call{SYS_flistxattr, {low(file), word(arena), 100}};
      },
      Expect::any);
  check(
      "flistxattr, length only",
      [] {
        const int file = temporaryFile();
        fsetxattr(file, "user.name", "value", 5, 0);
        return Call{SYS_flistxattr, {low(file), word(arena), 0}};
      },
      Expect::any);
  check(
      "getxattrat",
      [] {
        *at<uint64_t>(0) = word(arena + 100);
        *at<uint64_t>(8) = 50;
        return Call{464, {low(AT_FDCWD), word("/tmp"), 0, word("user.name"), word(arena), 16}};
      },
      Expect::any);
  check("read of inotify", [] {
    const int events = inotify_init();
    inotify_add_watch(events, "/tmp", IN_CREATE);
    char name[] = "/tmp/rr-out-XXXXXX";
    close(mkstemp(name));
    unlink(name);
    return Call{SYS_read, {low(events), word(arena), 4096}};
  });
  check(
      "sysfs",
      [] {
        return Call{SYS_sysfs, {low(2), 0, word(arena)}};
      },
      Expect::any);
  check(
      "statmount",
      [] {
        at<uint32_t>(0)[0] = 32;
        at<uint32_t>(0)[1] = 0;
        at<uint64_t>(8)[0] = 0;
        at<uint64_t>(8)[1] = 0x3f;
        at<uint64_t>(8)[2] = 0;
        struct statx root;
        statx(AT_FDCWD, "/", 0, 0x4000, &root);
        at<uint64_t>(8)[0] = reinterpret_cast<uint64_t*>(&root)[18];
        return Call{457, {word(arena), word(arena + 1000), 4096, 0}};
      },
      Expect::any);
  check(
      "listmount",
      [] {
        memset(arena, 0, 64);
        at<uint32_t>(0)[0] = 24;
        at<uint64_t>(8)[0] = ~0ULL;
        return Call{458, {word(arena), word(arena + 1000), 100, 0}};
      },
      Expect::any);
  check(
      "file_getattr",
      [] {
        return Call{468, {low(AT_FDCWD), word("/tmp"), word(arena), 24, 0}};
      },
      Expect::any);
  check(
      "cachestat",
      [] {
        at<uint64_t>(0)[0] = 0;
        at<uint64_t>(0)[1] = 4096;
        return Call{451, {low(temporaryFile()), word(arena), word(arena + 100), 0}};
      },
      Expect::any);
}

void descriptors() {
  check("pipe", [] { return Call{SYS_pipe, {word(arena)}}; });
  check("pipe2", [] { return Call{SYS_pipe2, {word(arena), O_CLOEXEC}}; });
  check("sendfile", [] {
    *at<uint64_t>(0) = 10;
    return Call{SYS_sendfile, {low(temporaryFile()), low(temporaryFile()), word(arena), 1000}};
  });
  check("copy_file_range", [] {
    *at<uint64_t>(0) = 10;
    *at<uint64_t>(8) = 500;
    return Call{SYS_copy_file_range,
                {low(temporaryFile()), word(arena), low(temporaryFile()), word(arena + 8), 1000, 0}};
  });
  check("splice", [] {
    *at<uint64_t>(0) = 10;
    return Call{SYS_splice, {low(filledPipe("some text")), 0, low(temporaryFile()), word(arena), 5, 0}};
  });
  check("vmsplice", [] {
    return Call{SYS_vmsplice,
                {low(filledPipe("some text")), word(vectors(1000, {{arena, 4}, {arena + 10, 100}})), 2, 0}};
  });
  for (const int command : {F_GETLK, F_OFD_GETLK}) {
    check("fcntl F_GETLK", [command] {
      memset(arena, 0, sizeof(struct flock));
      at<struct flock>(0)->l_type = F_WRLCK;
      return Call{SYS_fcntl, {low(temporaryFile()), low(command), word(arena)}};
    });
  }
  check("fcntl F_GETLK of a lock", [] {
    static const int file = [] {
      const int made = temporaryFile();
      struct flock lock = {};
      lock.l_type = F_WRLCK;
      fcntl(made, F_OFD_SETLK, &lock);
      return made;
    }();
    memset(arena, 0, sizeof(struct flock));
    at<struct flock>(0)->l_type = F_WRLCK;
    return Call{SYS_fcntl, {low(file), low(F_GETLK), word(arena)}};
  });
  check("fcntl F_GETOWN_EX", [] { return Call{SYS_fcntl, {low(filledPipe("")), low(F_GETOWN_EX), word(arena)}}; });
  check(
      "fcntl F_GETOWNER_UIDS",
      [] {
        return Call{SYS_fcntl, {low(filledPipe("")), low(17), word(arena)}};
      },
      Expect::any);
  check("fcntl F_GET_RW_HINT", [] { return Call{SYS_fcntl, {low(temporaryFile()), low(F_GET_RW_HINT), word(arena)}}; });
  check(
      "mq_timedreceive",
      [] {
        mq_unlink("/rr-out");
        mq_attr attributes = {};
        attributes.mq_maxmsg = 2;
        attributes.mq_msgsize = 64;
        const mqd_t queue = mq_open("/rr-out", O_RDWR | O_CREAT, 0600, &attributes);
        if (queue >= 0) mq_send(queue, "message", 7, 3);
        return Call{SYS_mq_timedreceive, {low(queue), word(arena), 64, word(arena + 100), 0}};
      },
      Expect::any);
  check(
      "mq_getsetattr",
      [] {
        const mqd_t queue = mq_open("/rr-out", O_RDWR);
        mq_unlink("/rr-out");
        return Call{SYS_mq_getsetattr, {low(queue), 0, word(arena)}};
      },
      Expect::any);
}

void ioctls() {
  static int controller, terminal;
  openpty(&controller, &terminal, nullptr, nullptr, nullptr);
  const auto terminalCall = [](const char* what, unsigned long request) {
    check(
        what,
        [request] {
          return Call{SYS_ioctl, {low(terminal), kPoison | request, word(arena)}};
        },
        Expect::any);
  };
  terminalCall("TCGETS", TCGETS);
  terminalCall("TCGETS2", 0x802c542a);
  terminalCall("TCGETA", TCGETA);
  terminalCall("TIOCGWINSZ", TIOCGWINSZ);
  terminalCall("TIOCGPGRP", TIOCGPGRP);
  terminalCall("TIOCGSID", TIOCGSID);
  terminalCall("TIOCOUTQ", TIOCOUTQ);
  terminalCall("FIONREAD", FIONREAD);
  terminalCall("TIOCGETD", TIOCGETD);
  terminalCall("TIOCGEXCL", TIOCGEXCL);
  terminalCall("TIOCGSOFTCAR", TIOCGSOFTCAR);
  terminalCall("TIOCGLCKTRMIOS", TIOCGLCKTRMIOS);
  check("TIOCGPTN", [] { return Call{SYS_ioctl, {low(controller), low(TIOCGPTN), word(arena)}}; });
  check("TIOCGPTLCK", [] { return Call{SYS_ioctl, {low(controller), low(TIOCGPTLCK), word(arena)}}; });
  check("TIOCGPKT", [] { return Call{SYS_ioctl, {low(controller), low(TIOCGPKT), word(arena)}}; });
  check(
      "TCGETS of a pipe",
      [] {
        return Call{SYS_ioctl, {low(filledPipe("")), TCGETS, word(arena)}};
      },
      Expect::failure);
  check("FIONREAD of a pipe", [] { return Call{SYS_ioctl, {low(filledPipe("text")), FIONREAD, word(arena)}}; });
  static const int net = socket(AF_INET, SOCK_DGRAM, 0);
  for (const unsigned long request :
       {0x8913ul, 0x8915ul, 0x8919ul, 0x891bul, 0x891dul, 0x8921ul, 0x8927ul, 0x8933ul, 0x8942ul, 0x8970ul}) {
    check(
        "SIOCGIF*",
        [request] {
          memset(arena, 0, 40);
          strcpy(at<char>(0), "lo");
          return Call{SYS_ioctl, {low(net), request, word(arena)}};
        },
        Expect::any);
  }
  check(
      "SIOCGIFNAME",
      [] {
        at<ifreq>(0)->ifr_ifindex = 1;
        return Call{SYS_ioctl, {low(net), 0x8910, word(arena)}};
      },
      Expect::any);
  check("SIOCGIFCONF", [] {
    at<ifconf>(0)->ifc_len = 400;
    at<ifconf>(0)->ifc_buf = at<char>(1000);
    return Call{SYS_ioctl, {low(net), 0x8912, word(arena)}};
  });
  check("SIOCGIFCONF, length only", [] {
    at<ifconf>(0)->ifc_len = 0;
    at<ifconf>(0)->ifc_buf = nullptr;
    return Call{SYS_ioctl, {low(net), 0x8912, word(arena)}};
  });
  check(
      "FS_IOC_GETFLAGS",
      [] {
        return Call{SYS_ioctl, {low(temporaryFile()), FS_IOC_GETFLAGS, word(arena)}};
      },
      Expect::any);
  check(
      "FS_IOC_FSGETXATTR",
      [] {
        return Call{SYS_ioctl, {low(temporaryFile()), FS_IOC_FSGETXATTR, word(arena)}};
      },
      Expect::any);
  check("FIGETBSZ", [] { return Call{SYS_ioctl, {low(temporaryFile()), FIGETBSZ, word(arena)}}; });
  check(
      "FS_IOC_FIEMAP",
      [] {
        memset(arena, 0, sizeof(fiemap));
        at<fiemap>(0)->fm_length = ~0ULL;
        at<fiemap>(0)->fm_extent_count = 8;
        const int file = temporaryFile();
        if (write(file, "text", 4) != 4) _exit(2);
        fsync(file);
        return Call{SYS_ioctl, {low(file), FS_IOC_FIEMAP, word(arena)}};
      },
      Expect::any);
  check(
      "PROCMAP_QUERY",
      [] {
        memset(arena, 0, 104);
        *at<uint64_t>(0) = 104;
        *at<uint64_t>(16) = word(reinterpret_cast<void*>(&filledPipe));
        *at<uint32_t>(80) = 4096;
        *at<uint32_t>(84) = 20;
        *at<uint64_t>(88) = word(arena + 1000);
        *at<uint64_t>(96) = word(arena + 8000);
        return Call{SYS_ioctl, {low(open("/proc/self/maps", O_RDONLY)), 0xc0686611, word(arena)}};
      },
      Expect::any);
  check("RNDGETENTCNT", [] { return Call{SYS_ioctl, {low(open("/dev/urandom", O_RDONLY)), 0x80045200, word(arena)}}; });
  check(
      "PERF_EVENT_IOC_ID",
      [] {
        perf_event_attr attributes = {};
        attributes.type = PERF_TYPE_SOFTWARE;
        attributes.size = sizeof attributes;
        attributes.config = PERF_COUNT_SW_DUMMY;
        const int counter = static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
        return Call{SYS_ioctl, {low(counter), PERF_EVENT_IOC_ID, word(arena)}};
      },
      Expect::any);
  check(
      "NS_GET_OWNER_UID",
      [] {
        return Call{SYS_ioctl, {low(open("/proc/self/ns/user", O_RDONLY)), 0xb704, word(arena)}};
      },
      Expect::any);
  check(
      "perf_event_open of a wrong size",
      [] {
        memset(arena, 1, sizeof(perf_event_attr));
        at<perf_event_attr>(0)->size = 7;
        return Call{SYS_perf_event_open, {word(arena), 0, low(-1), low(-1), 0}};
      },
      Expect::failure);
}

void memoryCalls() {
  check("mincore", [] { return Call{SYS_mincore, {word(arena), 5 * 4096 + 1, word(arena + 100)}}; });
  check(
      "mincore into a hole",
      [] {
        return Call{SYS_mincore, {word(arenaEnd()) - 4096, 3 * 4096, word(arena + 100)}};
      },
      Expect::any);
  check(
      "get_mempolicy",
      [] {
        return Call{SYS_get_mempolicy, {word(arena), word(arena + 100), 1024, 0, 0}};
      },
      Expect::any);
  check(
      "move_pages",
      [] {
        *at<uint64_t>(0) = word(arena);
        *at<uint64_t>(8) = word(arena + 8192);
        return Call{SYS_move_pages, {0, 2, word(arena), 0, word(arena + 100), 0}};
      },
      Expect::any);
  check("process_vm_readv", [] {
    iovec* local = vectors(1000, {{arena, 10}, {arena + 50, 100}});
    static char source[64];
    memset(source, 7, sizeof source);
    iovec* remote = vectors(2000, {{source, sizeof source}});
    return Call{SYS_process_vm_readv, {static_cast<uint64_t>(getpid()), word(local), 2, word(remote), 1, 0}};
  });
  check(
      "modify_ldt",
      [] {
        return Call{SYS_modify_ldt, {low(0), word(arena), 65536}};
      },
      Expect::any);
}

void processes() {
  const auto child = [] {
    const pid_t made = fork();
    if (made == 0) _exit(3);
    return made;
  };
  check("wait4", [&] { return Call{SYS_wait4, {low(child()), word(arena), 0, word(arena + 100)}}; });
  check("waitid", [&] { return Call{SYS_waitid, {P_PID, low(child()), word(arena), WEXITED, word(arena + 200)}}; });
  check(
      "waitid of nothing",
      [] {
        return Call{SYS_waitid, {P_ALL, 0, word(arena), WEXITED | WNOHANG, word(arena + 200)}};
      },
      Expect::failure);
  check("wait4 that finds none", [] {
    static const pid_t sleeper = [] {
      const pid_t made = fork();
      if (made == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
      }
      return made;
    }();
    return Call{SYS_wait4, {low(sleeper), word(arena), WNOHANG, word(arena + 100)}};
  });
  check("get_robust_list", [] { return Call{SYS_get_robust_list, {0, word(arena), word(arena + 8)}}; });
  for (const int option : {PR_GET_PDEATHSIG, PR_GET_NAME, PR_GET_TSC, PR_GET_CHILD_SUBREAPER, PR_GET_TID_ADDRESS}) {
    check(
        "prctl",
        [option] {
          return Call{SYS_prctl, {low(option), word(arena), 0, 0, 0}};
        },
        Expect::any);
  }
  check(
      "prctl PR_GET_AUXV",
      [] {
        return Call{SYS_prctl, {low(0x41555856), word(arena), 100, 0, 0}};
      },
      Expect::any);
  check(
      "prctl PR_SET_MM_MAP_SIZE",
      [] {
        return Call{SYS_prctl, {low(35), low(15), word(arena), 0, 0}};
      },
      Expect::any);
  for (const int code : {0x1003, 0x1004, 0x1021, 0x1022, 0x1024, 0x4001, 0x4003, 0x5005}) {
    check(
        "arch_prctl",
        [code] {
          return Call{SYS_arch_prctl, {low(code), word(arena)}};
        },
        Expect::any);
  }
  check("seccomp SECCOMP_GET_NOTIF_SIZES", [] { return Call{SYS_seccomp, {low(3), 0, word(arena)}}; });
  check(
      "lsm_list_modules",
      [] {
        *at<uint32_t>(0) = 80;
        return Call{461, {word(arena + 100), word(arena), 0}};
      },
      Expect::any);
  check(
      "lsm_get_self_attr",
      [] {
        *at<uint32_t>(0) = 4096;
        return Call{459, {100, word(arena + 100), word(arena), 0}};
      },
      Expect::any);
}

void identityAndLimits() {
  check("getresuid", [] { return Call{SYS_getresuid, {word(arena), word(arena + 10), word(arena + 20)}}; });
  check("getresgid", [] { return Call{SYS_getresgid, {word(arena), word(arena + 10), word(arena + 20)}}; });
  check(
      "getgroups",
      [] {
        return Call{SYS_getgroups, {low(64), word(arena)}};
      },
      Expect::any);
  check("getgroups, count only", [] { return Call{SYS_getgroups, {low(0), word(arena)}}; });
  for (const uint32_t version : {0x19980330u, 0x20080522u, 0x77u}) {
    check(
        "capget",
        [version] {
          at<uint32_t>(0)[0] = version;
          at<uint32_t>(0)[1] = 0;
          return Call{SYS_capget, {word(arena), word(arena + 100)}};
        },
        Expect::any);
  }
  check("uname", [] { return Call{SYS_uname, {word(arena)}}; });
  check("getrlimit", [] { return Call{SYS_getrlimit, {low(7), word(arena)}}; });
  check("prlimit64", [] { return Call{SYS_prlimit64, {0, low(7), 0, word(arena)}}; });
  check("getrusage", [] { return Call{SYS_getrusage, {low(0), word(arena)}}; });
  check("sysinfo", [] { return Call{SYS_sysinfo, {word(arena)}}; });
  check("sched_getparam", [] { return Call{SYS_sched_getparam, {0, word(arena)}}; });
  check("sched_getattr", [] { return Call{SYS_sched_getattr, {0, word(arena), low(100), 0}}; });
  check(
      "sched_setattr of a wrong size",
      [] {
        memset(arena, 1, 64);
        *at<uint32_t>(0) = 4000;
        return Call{SYS_sched_setattr, {0, word(arena), 0}};
      },
      Expect::failure);
  check("sched_rr_get_interval", [] { return Call{SYS_sched_rr_get_interval, {0, word(arena)}}; });
  check("sched_getaffinity", [] { return Call{SYS_sched_getaffinity, {0, low(1024), word(arena)}}; });
  check(
      "sched_getaffinity, short",
      [] {
        return Call{SYS_sched_getaffinity, {0, low(8), word(arena)}};
      },
      Expect::any);
  check("getrandom", [] { return Call{SYS_getrandom, {word(arena + 3), 333, 0}}; });
  check("getcpu", [] { return Call{SYS_getcpu, {word(arena), word(arena + 10), 0}}; });
  check(
      "keyctl KEYCTL_DESCRIBE",
      [] {
        return Call{SYS_keyctl, {low(KEYCTL_DESCRIBE), low(KEY_SPEC_USER_KEYRING), word(arena), 100}};
      },
      Expect::any);
  check(
      "keyctl KEYCTL_READ, short",
      [] {
        return Call{SYS_keyctl, {low(KEYCTL_READ), low(KEY_SPEC_USER_SESSION_KEYRING), word(arena), 2}};
      },
      Expect::any);
  check(
      "keyctl KEYCTL_CAPABILITIES",
      [] {
        return Call{SYS_keyctl, {low(KEYCTL_CAPABILITIES), word(arena), 40}};
      },
      Expect::any);
}

void timeCalls() {
  check("time", [] { return Call{SYS_time, {word(arena)}}; });
  check("gettimeofday", [] { return Call{SYS_gettimeofday, {word(arena), word(arena + 100)}}; });
  check("clock_gettime", [] { return Call{SYS_clock_gettime, {low(1), word(arena)}}; });
  check("clock_getres", [] { return Call{SYS_clock_getres, {low(0), word(arena)}}; });
  check("adjtimex", [] {
    memset(arena, 0, sizeof(timex));
    return Call{SYS_adjtimex, {word(arena)}};
  });
  check(
      "clock_adjtime",
      [] {
        memset(arena, 0, sizeof(timex));
        return Call{SYS_clock_adjtime, {low(0), word(arena)}};
      },
      Expect::any);
  check("times", [] { return Call{SYS_times, {word(arena)}}; });
  check("getitimer", [] { return Call{SYS_getitimer, {low(0), word(arena)}}; });
  check("setitimer", [] {
    memset(arena, 0, 32);
    return Call{SYS_setitimer, {low(0), word(arena), word(arena + 100)}};
  });
  const auto interrupt = [] {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    const itimerval soon = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &soon, nullptr);
  };
  const auto calm = [] {
    const itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
  };
  check(
      "nanosleep interrupted",
      [&] {
        *at<timespec>(0) = {10, 0};
        interrupt();
        return Call{SYS_nanosleep, {word(arena), word(arena + 100)}};
      },
      Expect::failure);
  check(
      "clock_nanosleep interrupted",
      [&] {
        *at<timespec>(0) = {10, 0};
        interrupt();
        return Call{SYS_clock_nanosleep, {low(1), 0, word(arena), word(arena + 100)}};
      },
      Expect::failure);
  check(
      "poll interrupted",
      [&] {
        interrupt();
        *at<pollfd>(0) = {filledPipe(""), 0, 0x1234};
        int ends[2];
        if (pipe(ends) != 0) _exit(2);
        *at<pollfd>(0) = {ends[0], POLLIN, 0x1234};
        return Call{SYS_poll, {word(arena), low(1), low(10000)}};
      },
      Expect::failure);
  calm();
  check("timer_create", [] { return Call{SYS_timer_create, {low(1), 0, word(arena)}}; });
  static int timer;
  syscall(SYS_timer_create, 1, 0, &timer);
  check("timer_settime", [] {
    memset(arena, 0, 32);
    return Call{SYS_timer_settime, {low(timer), 0, word(arena), word(arena + 100)}};
  });
  check("timer_gettime", [] { return Call{SYS_timer_gettime, {low(timer), word(arena)}}; });
  static const int clock = timerfd_create(CLOCK_MONOTONIC, 0);
  check("timerfd_settime", [] {
    memset(arena, 0, 32);
    at<uint64_t>(0)[2] = 1;
    return Call{SYS_timerfd_settime, {low(clock), 0, word(arena), word(arena + 100)}};
  });
  check("timerfd_gettime", [] { return Call{SYS_timerfd_gettime, {low(clock), word(arena)}}; });
}

void signals() {
  check("rt_sigaction", [] { return Call{SYS_rt_sigaction, {low(SIGALRM), 0, word(arena), 8}}; });
  check("rt_sigprocmask", [] { return Call{SYS_rt_sigprocmask, {low(0), 0, word(arena), 8}}; });
  check("rt_sigpending", [] { return Call{SYS_rt_sigpending, {word(arena), 8}}; });
  check("sigaltstack", [] { return Call{SYS_sigaltstack, {0, word(arena)}}; });
  static sigset_t users;
  sigemptyset(&users);
  sigaddset(&users, SIGUSR1);
  sigprocmask(SIG_BLOCK, &users, nullptr);
  check("rt_sigtimedwait", [] {
    raise(SIGUSR1);
    return Call{SYS_rt_sigtimedwait, {word(&users), word(arena), 0, 8}};
  });
  check("read of signalfd", [] {
    raise(SIGUSR1);
    return Call{SYS_read, {low(signalfd(-1, &users, 0)), word(arena), 1000}};
  });
}

// Two datagram sockets, the first bound to an address of the loopback network and connected to nothing.
struct Datagrams {
  int receiver, sender;
};
Datagrams datagrams() {
  const Datagrams made = {socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_DGRAM, 0)};
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(made.receiver, reinterpret_cast<sockaddr*>(&address), length) != 0) _exit(2);
  getsockname(made.receiver, reinterpret_cast<sockaddr*>(&address), &length);
  if (connect(made.sender, reinterpret_cast<sockaddr*>(&address), length) != 0) _exit(2);
  for (const char* text : {"first message", "second"}) {
    if (send(made.sender, text, strlen(text), 0) < 0) _exit(2);
  }
  return made;
}

msghdr* message(size_t offset, size_t buffers, size_t nameRoom, size_t controlRoom) {
  msghdr* header = at<msghdr>(offset);
  *header = {};
  header->msg_name = arena + buffers;
  header->msg_namelen = static_cast<socklen_t>(nameRoom);
  header->msg_iov = vectors(buffers + 200, {{arena + buffers + 300, 4}, {arena + buffers + 400, 50}});
  header->msg_iovlen = 2;
  header->msg_control = arena + buffers + 500;
  header->msg_controllen = controlRoom;
  return header;
}

void sockets() {
  check("socketpair", [] { return Call{SYS_socketpair, {low(AF_UNIX), low(SOCK_STREAM), 0, word(arena)}}; });
  for (const int room : {0, 5, 16, 100}) {
    check("getsockname", [room] {
      *at<int>(0) = room;
      return Call{SYS_getsockname, {low(datagrams().receiver), word(arena + 100), word(arena)}};
    });
    check("getpeername", [room] {
      *at<int>(0) = room;
      return Call{SYS_getpeername, {low(datagrams().sender), word(arena + 100), word(arena)}};
    });
    check("recvfrom", [room] {
      *at<int>(0) = room;
      return Call{SYS_recvfrom,
                  {low(datagrams().receiver), word(arena + 500), 1000, 0, word(arena + 100), word(arena)}};
    });
  }
  check(
      "getsockname with a negative length",
      [] {
        *at<int>(0) = -1;
        return Call{SYS_getsockname, {low(datagrams().receiver), word(arena + 100), word(arena)}};
      },
      Expect::failure);
  check("recvfrom, longer than the buffer", [] {
    return Call{SYS_recvfrom, {low(datagrams().receiver), word(arena), 5, MSG_TRUNC, 0, 0}};
  });
  check("accept", [] {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, 1) != 0) _exit(2);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    if (connect(client, reinterpret_cast<sockaddr*>(&address), length) != 0) _exit(2);
    *at<int>(0) = 50;
    return Call{SYS_accept4, {low(listener), word(arena + 100), word(arena), 0}};
  });
  for (const int option : {SO_TYPE, SO_PEERCRED, SO_LINGER, SO_RCVTIMEO, SO_ERROR}) {
    check("getsockopt", [option] {
      int ends[2];
      socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
      *at<int>(0) = 200;
      return Call{SYS_getsockopt, {low(ends[0]), low(SOL_SOCKET), low(option), word(arena + 100), word(arena)}};
    });
  }
  check(
      "getsockopt of an unknown option",
      [] {
        *at<int>(0) = 200;
        return Call{SYS_getsockopt, {low(datagrams().sender), low(77), low(3), word(arena + 100), word(arena)}};
      },
      Expect::failure);
  for (const size_t nameRoom : {size_t{0}, size_t{5}, size_t{100}}) {
    check("recvmsg", [nameRoom] {
      return Call{SYS_recvmsg, {low(datagrams().receiver), word(message(0, 1000, nameRoom, 100)), 0}};
    });
  }
  for (const size_t room : {size_t{0}, size_t{20}, size_t{64}, size_t{4096}}) {
    check("recvmsg with descriptors and credentials", [room] {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) _exit(2);
      const int on = 1;
      setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
      alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {};
      char text[] = "text that goes with them";
      iovec vector = {text, sizeof text};
      msghdr sent = {};
      sent.msg_iov = &vector;
      sent.msg_iovlen = 1;
      sent.msg_control = control;
      sent.msg_controllen = sizeof control;
      cmsghdr* head = CMSG_FIRSTHDR(&sent);
      *head = {CMSG_LEN(3 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
      if (sendmsg(ends[1], &sent, 0) < 0) _exit(2);
      return Call{SYS_recvmsg, {low(ends[0]), word(message(0, 1000, 50, room)), 0}};
    });
  }
  check(
      "recvmsg that finds nothing",
      [] {
        return Call{SYS_recvmsg, {low(socket(AF_INET, SOCK_DGRAM, 0)), word(message(0, 1000, 50, 100)), MSG_DONTWAIT}};
      },
      Expect::failure);
  check("recvmmsg", [] {
    for (size_t i = 0; i < 3; i++) {
      message(i * sizeof(mmsghdr), 1000 + 1000 * i, 50, 100);
    }
    *at<timespec>(9000) = {1, 0};
    return Call{SYS_recvmmsg, {low(datagrams().receiver), word(arena), low(3), MSG_DONTWAIT, word(arena + 9000)}};
  });
  check("sendmmsg", [] {
    for (size_t i = 0; i < 2; i++) {
      msghdr* header = message(i * sizeof(mmsghdr), 1000 + 1000 * i, 0, 0);
      header->msg_name = nullptr;
      header->msg_control = nullptr;
    }
    return Call{SYS_sendmmsg, {low(datagrams().sender), word(arena), low(2), 0}};
  });
}

void waiting() {
  check("poll", [] {
    at<pollfd>(0)[0] = {filledPipe("text"), POLLIN, 0};
    at<pollfd>(0)[1] = {-1, 0, 77};
    return Call{SYS_poll, {word(arena), low(2), low(0)}};
  });
  check("ppoll", [] {
    at<pollfd>(0)[0] = {filledPipe("text"), POLLIN, 0};
    *at<timespec>(100) = {5, 0};
    return Call{SYS_ppoll, {word(arena), low(1), word(arena + 100), 0, 8}};
  });
  check("select", [] {
    const int readable = filledPipe("text");
    memset(arena, 0, 3 * 1024);
    arena[readable / 8] |= static_cast<uint8_t>(1 << (readable % 8));
    *at<timeval>(4000) = {5, 0};
    return Call{SYS_select,
                {low(readable + 1), word(arena), word(arena + 1024), word(arena + 2048), word(arena + 4000)}};
  });
  check("pselect6 with more than the table holds", [] {
    const int readable = filledPipe("text");
    memset(arena, 0, 8192);
    arena[readable / 8] |= static_cast<uint8_t>(1 << (readable % 8));
    *at<timespec>(20000) = {5, 0};
    return Call{SYS_pselect6, {low(60000), word(arena), 0, 0, word(arena + 20000), 0}};
  });
  static const int events = epoll_create1(0);
  for (int i = 0; i < 3; i++) {
    const int readable = filledPipe("text");
    epoll_event event = {EPOLLIN, {.u64 = 0x1111111111111111}};
    epoll_ctl(events, EPOLL_CTL_ADD, readable, &event);
  }
  check("epoll_wait", [] { return Call{SYS_epoll_wait, {low(events), word(arena), low(10), low(0)}}; });
  check("epoll_pwait", [] { return Call{SYS_epoll_pwait, {low(events), word(arena), low(2), low(0), 0, 8}}; });
  check("epoll_pwait2", [] { return Call{441, {low(events), word(arena), low(10), 0, 0, 8}}; });
  check("read of eventfd", [] { return Call{SYS_read, {low(eventfd(5, 0)), word(arena), 100}}; });
  for (const int operation : {FUTEX_LOCK_PI, FUTEX_TRYLOCK_PI, 13}) {
    check("futex lock", [operation] {
      *at<uint32_t>(0) = 0;
      return Call{SYS_futex, {word(arena), low(operation | FUTEX_PRIVATE_FLAG), 0, 0, 0, 0}};
    });
  }
  check("futex unlock", [] {
    *at<uint32_t>(0) = static_cast<uint32_t>(gettid());
    return Call{SYS_futex, {word(arena), low(FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG), 0, 0, 0, 0}};
  });
  check("futex wake and change", [] {
    *at<uint32_t>(8) = 3;
    return Call{SYS_futex, {word(arena), low(FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG), 1, 1, word(arena + 8), 0x00005000}};
  });
}

void ipc() {
  static const int queue = msgget(IPC_PRIVATE, 0600);
  check("msgrcv", [] {
    struct {
      long type;
      char text[20];
    } message = {7, "some text"};
    msgsnd(queue, &message, 12, 0);
    return Call{SYS_msgrcv, {low(queue), word(arena), 100, 0, 0}};
  });
  check("msgctl IPC_STAT", [] { return Call{SYS_msgctl, {low(queue), low(IPC_STAT), word(arena)}}; });
  check("msgctl MSG_INFO", [] { return Call{SYS_msgctl, {low(0), low(MSG_INFO), word(arena)}}; });
  msgctl(queue, IPC_RMID, nullptr);
  static const int semaphores = semget(IPC_PRIVATE, 20, 0600);
  check("semctl GETALL", [] { return Call{SYS_semctl, {low(semaphores), 0, low(GETALL), word(arena)}}; });
  check("semctl IPC_STAT", [] { return Call{SYS_semctl, {low(semaphores), 0, low(IPC_STAT), word(arena)}}; });
  check("semctl SEM_INFO", [] { return Call{SYS_semctl, {low(0), 0, low(SEM_INFO), word(arena)}}; });
  semctl(semaphores, 0, IPC_RMID);
  static const int segment = shmget(IPC_PRIVATE, 4096, 0600);
  check("shmctl IPC_STAT", [] { return Call{SYS_shmctl, {low(segment), low(IPC_STAT), word(arena)}}; });
  check("shmctl IPC_INFO", [] { return Call{SYS_shmctl, {low(0), low(IPC_INFO), word(arena)}}; });
  check("shmctl SHM_INFO", [] { return Call{SYS_shmctl, {low(0), low(SHM_INFO), word(arena)}}; });
  shmctl(segment, IPC_RMID, nullptr);
}

// Absurd arguments must neither be followed nor remembered.
void absurd() {
  check(
      "readv of a million buffers",
      [] {
        return Call{SYS_readv, {low(filledPipe("text")), word(arena), 1000000}};
      },
      Expect::failure);
  check(
      "readv of an array outside of memory",
      [] {
        return Call{SYS_readv, {low(filledPipe("text")), 0x10, 3}};
      },
      Expect::failure);
  check(
      "read into the kernel",
      [] {
        return Call{SYS_read, {low(filledPipe("text")), 0xffffffff80000000, ~0ULL}};
      },
      Expect::failure);
  check(
      "recvmsg of a header outside of memory",
      [] {
        return Call{SYS_recvmsg, {low(datagrams().receiver), word(arenaEnd()) - 8, 0}};
      },
      Expect::failure);
  check(
      "recvmmsg of four thousand million messages",
      [] {
        memset(arena, 0, kArena);
        return Call{SYS_recvmmsg, {low(socket(AF_INET, SOCK_DGRAM, 0)), word(arena), ~0ULL, MSG_DONTWAIT, 0}};
      },
      Expect::any);
  check(
      "rt_sigprocmask with a wrong size",
      [] {
        return Call{SYS_rt_sigprocmask, {low(0), 0, word(arena), 128}};
      },
      Expect::failure);
  check(
      "select of a negative count",
      [] {
        return Call{SYS_select, {low(-5), word(arena), 0, 0, 0}};
      },
      Expect::failure);
  check(
      "capget of nothing",
      [] {
        return Call{SYS_capget, {0, 0}};
      },
      Expect::failure);
  check(
      "wait4 into nothing",
      [] {
        return Call{SYS_wait4, {low(-1), 0, WNOHANG, 0}};
      },
      Expect::any);
}

// What is not in the table is said, and only that.
void warnings() {
  const auto expect = [](const char* what, Call call, bool modelled, const char* part, uint64_t told) {
    calls++;
    uint64_t arguments[6] = {};
    for (size_t i = 0; i < call.arguments.size(); i++) arguments[i] = call.arguments[i];
    rr::OutParameters out;
    out.enter(call.number, arguments, memory);
    std::vector<rr::OutRange> ranges;
    out.exit(0, memory, ranges);
    uint64_t length = 0;
    for (const rr::OutRange& range : ranges) length += range.length;
    const std::string warning = out.warning().value_or("");
    const bool said = *part == 0 ? warning.empty() : warning.find(part) != std::string::npos;
    if (out.modelled() == modelled && said && length == told) return;
    printf("%s: modelled %d, %lu bytes, \"%s\"\n", what, out.modelled(), length, warning.c_str());
    failures++;
  };
  const uint64_t somewhere = word(arena);
  expect("an unlisted request that reads", {SYS_ioctl, {0, kPoison | _IOR('x', 250, char[24]), somewhere}}, true,
         "0x801878fa is not in the table: recorded by its encoded size, 24 bytes", 24);
  expect("an unlisted request that writes", {SYS_ioctl, {0, _IOW('x', 250, char[24]), somewhere}}, true,
         "writes nothing", 0);
  expect("an unlisted request without encoding", {SYS_ioctl, {0, 0x7777, somewhere}}, false, "comparing memory", 0);
  expect("a request of input devices", {SYS_ioctl, {0, _IOR('E', 0x06, char[77]), somewhere}}, true, "", 77);
  expect("a request with pointers inside", {SYS_ioctl, {0, 0x8946, somewhere}}, false, "ioctl with command 0x8946", 0);
  expect("an unlisted option of prctl", {SYS_prctl, {low(9999), somewhere}}, false, "prctl with command 0x270f", 0);
  expect("an unknown call", {400, {somewhere}}, false, "system call 400 is not known", 0);
  expect("a command that is not modelled", {SYS_bpf, {low(1), 0, 0}}, false, "bpf with command 0x1 is not modelled", 0);
  expect("a listed request", {SYS_ioctl, {0, TCGETS, somewhere}}, true, "", 36);
}

// A table of netfilter is replaced by what it is: the kernel stores its counters where a pointer in the structure leads
// (struct ipt_replace, ip6t_replace, arpt_replace). `first`: the number of the first of its options; `hooks`: in the
// structure.
void replaceTable(const char* what, int family, int level, int first, size_t hooks) {
  const int descriptor = socket(family, SOCK_RAW, IPPROTO_RAW);
  // Name, valid_hooks, hook_entry, underflow, num_entries, size.
  std::vector<uint32_t> info(8 + 1 + 2 * hooks + 2);
  memcpy(info.data(), "filter", 7);
  socklen_t length = static_cast<socklen_t>(info.size() * sizeof(uint32_t));
  if (descriptor < 0 || getsockopt(descriptor, level, first, info.data(), &length) != 0) return;  // no such tables here
  const uint32_t size = info.back();
  const uint32_t count = info[info.size() - 2];
  std::vector<uint8_t> entries(40 + size);
  memcpy(entries.data(), "filter", 7);
  memcpy(entries.data() + 32, &size, sizeof size);
  length = static_cast<socklen_t>(entries.size());
  if (getsockopt(descriptor, level, first + 1, entries.data(), &length) != 0) return;
  check(what, [&] {
    // Name, valid_hooks, num_entries, size, hook_entry, underflow, num_counters, counters, entries.
    memset(arena, 0, 96);
    memcpy(arena, "filter", 7);
    uint32_t* numbers = at<uint32_t>(32);
    *numbers++ = info[8];
    *numbers++ = count;
    *numbers++ = size;
    for (size_t i = 0; i < 2 * hooks; i++) *numbers++ = info[9 + i];
    *numbers++ = count;
    const size_t pointer = (static_cast<size_t>(reinterpret_cast<uint8_t*>(numbers) - arena) + 7) & ~size_t{7};
    *at<uint64_t>(pointer) = word(arena + 100000);
    memcpy(arena + pointer + 8, entries.data() + 40, size);
    return Call{SYS_setsockopt,
                {low(descriptor), low(level), low(first), word(arena), low(static_cast<int>(pointer + 8 + size))}};
  });
}

// What the kernel writes through pointers in structures, which no argument leads to.
void pointersInside() {
  check(
      "bpf: the log of a program that is refused",
      [] {
        memset(arena, 0, 160);
        *at<uint32_t>(0) = 1;  // BPF_PROG_TYPE_SOCKET_FILTER
        *at<uint32_t>(4) = 1;
        *at<uint64_t>(8) = word(arena + 500);
        *at<uint64_t>(16) = word("GPL");
        *at<uint32_t>(24) = 1;
        *at<uint32_t>(28) = 4096;
        *at<uint64_t>(32) = word(arena + 10000);
        *at<uint64_t>(500) = 0x95;  // BPF_EXIT, without a result
        return Call{SYS_bpf, {low(5), word(arena), low(120)}};
      },
      Expect::failure);
  check(
      "bpf: the log of a description that is refused",
      [] {
        memset(arena, 0, 160);
        *at<uint64_t>(0) = word(arena + 500);
        *at<uint64_t>(8) = word(arena + 10000);
        *at<uint32_t>(16) = 64;
        *at<uint32_t>(20) = 4096;
        *at<uint32_t>(24) = 1;
        return Call{SYS_bpf, {low(18), word(arena), low(28)}};
      },
      Expect::failure);
  check(
      "bpf: the programs of a control group",
      [] {
        memset(arena, 0, 160);
        *at<int>(0) = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
        *at<uint64_t>(16) = word(arena + 20000);
        *at<uint32_t>(24) = 100;
        return Call{SYS_bpf, {low(16), word(arena), low(64)}};
      },
      Expect::any);
  if (unshare(CLONE_NEWNET) != 0) return;
  replaceTable("setsockopt IPT_SO_SET_REPLACE", AF_INET, 0, 64, 5);
  replaceTable("setsockopt IP6T_SO_SET_REPLACE", AF_INET6, 41, 64, 5);
  replaceTable("setsockopt ARPT_SO_SET_REPLACE", AF_INET, 0, 96, 3);
  const int tun = open("/dev/net/tun", O_RDWR);
  ifreq wanted = {};
  wanted.ifr_flags = 0x1001;  // IFF_TUN | IFF_NO_PI
  if (tun >= 0 && ioctl(tun, 0x400454ca, &wanted) == 0) {
    // TUNGETFEATURES, TUNGETIFF, TUNGETSNDBUF, TUNGETVNETHDRSZ, TUNGETVNETLE, TUNSETCARRIER.
    for (const uint32_t request : {0x800454cfU, 0x800454d2U, 0x800454d3U, 0x800454d7U, 0x800454ddU, 0x400454e2U}) {
      check(
          "a request to a tunnel",
          [&] {
            return Call{SYS_ioctl, {low(tun), request, word(arena)}};
          },
          Expect::any);
    }
  }
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  void* mapped = mmap(nullptr, kArena + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  arena = static_cast<uint8_t*>(mapped);
  if (mapped == MAP_FAILED || mprotect(arena + kArena, 4096, PROT_NONE) != 0 || !memory.open(getpid())) return 2;
  files();
  descriptors();
  ioctls();
  memoryCalls();
  processes();
  identityAndLimits();
  timeCalls();
  signals();
  sockets();
  waiting();
  ipc();
  absurd();
  warnings();
  // Last: it leaves the network for one of its own.
  pointersInside();
  printf("%d calls, %d failed\n", calls, failures);
  return failures == 0 ? 0 : 1;
}
