// Which descriptors a program finds in /proc/self/fd: its own, nothing of the recorder's.
#include <dirent.h>

#include "../guest.h"

int main(void) {
  int seen[256] = {0};
  DIR *directory = opendir("/proc/self/fd");
  need(directory != 0);
  for (struct dirent *entry; (entry = readdir(directory));) {
    int number = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number < 256) seen[number] = 1;
    if (number >= 256) say("unexpected %d\n", number);
  }
  for (int i = 0; i < 256; i++)
    if (seen[i]) say("%d\n", i);
  return 0;
}
