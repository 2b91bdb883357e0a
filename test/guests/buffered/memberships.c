// NETLINK_LIST_MEMBERSHIPS, whose length is what it would need: more than was written, and than there is room for.
#include <linux/netlink.h>
#include <sys/socket.h>

#include "../guest.h"

enum { rounds = 4, listMemberships = 9, solNetlink = 270 };

int main(void) {
  const int socket_ = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  need(socket_ >= 0);
  const int lengths[] = {0, 3, 4, 5, 7, 8, 100};
  for (int round = 0; round < rounds; round++) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      socklen_t *length = pageEnd(4);
      *length = (socklen_t)lengths[i];
      // Groups are told in whole words.
      const int words = lengths[i] / 4;
      uint32_t *groups = words ? pageEnd(4 * (size_t)words) : badAddress();
      say("%d bytes\n", lengths[i]);
      result("  memberships", syscall(SYS_getsockopt, socket_, solNetlink, listMemberships, groups, length));
      say("  %u bytes, %x\n", *length, words ? *groups : 0);
    }
  }
  return 0;
}
