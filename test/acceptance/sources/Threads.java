import java.util.ArrayList;
import java.util.List;

/** Four threads that make garbage. */
public class Threads {
  public static void main(String[] arguments) throws InterruptedException {
    final long[] sums = new long[4];
    final Thread[] threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      final int number = i;
      threads[i] = new Thread(() -> {
        List<String> list = new ArrayList<>();
        for (int j = 0; j < 100000; j++) {
          list.add("text " + j);
          if (list.size() > 1000) list.clear();
          sums[number] += j;
        }
      });
      threads[i].start();
    }
    long total = 0;
    for (int i = 0; i < threads.length; i++) {
      threads[i].join();
      total += sums[i];
    }
    System.out.println(total);
  }
}
