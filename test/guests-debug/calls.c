// Functions that call one another, with arguments, locals, a structure and a global that changes.
#include <stdio.h>
#include <string.h>

struct Point {
  int x, y;
  char name[16];
};

int total;
struct Point last;

static int square(int value) {
  int result = value * value;
  return result;
}

static void move(struct Point *point, int by) {
  point->x += by;
  point->y -= by;
  total += square(by);  // the global changes
}

int main(void) {
  struct Point point = {1, 2, "start"};
  for (int round = 0; round < 10; round++) {
    move(&point, round);
  }
  strcpy(point.name, "end");
  last = point;
  printf("total %d at %d,%d\n", total, point.x, point.y);
  fflush(stdout);
  return 3;  // the end of main
}
