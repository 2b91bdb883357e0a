// build: -ldl
// A library with a system call of its own, loaded and unloaded many times, at changing addresses.
#include <dlfcn.h>

#include "../buffered-calls.h"

int main(void) {
  FILE *source = fopen("own.c", "w");
  fputs(
      "long parent(void) { long r = 110; __asm__ volatile(\"syscall\" : \"+a\"(r) : : \"rcx\", \"r11\", \"memory\"); "
      "return r; }\n"
      "long filler[4096] = {1};\n",
      source);
  fclose(source);
  need(system("gcc -shared -fPIC -O1 own.c -o own.so && cp own.so other.so") == 0);
  for (int i = 0; i < 20; i++) {
    void *library = dlopen(i % 3 ? "./own.so" : "./other.so", RTLD_NOW);
    need(library);
    long (*parent)(void) = (long (*)(void))dlsym(library, "parent");
    for (int j = 0; j < 5; j++) need(parent() == getppid());
    void *hole = i % 4 == 0 ? mmap(0, 64 << 10, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : 0;
    dlclose(library);
    if (hole && i % 8 == 0) munmap(hole, 64 << 10);
  }
  say("done\n");
  return 0;
}
