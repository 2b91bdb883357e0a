// Calls the functions of a library: twice 40 times by itself and 12 times by thrice.
#include <stdio.h>

int twice(int value);
int thrice(int value);
int never(int value);

int main(int count, char **arguments) {
  int sum = 0;
  for (int round = 0; round < 40; round++) sum += twice(round);
  for (int round = 0; round < 12; round++) sum += thrice(round);
  if (count > 1) sum += never(sum);
  printf("sum %d\n", sum);
  return 0;
}
