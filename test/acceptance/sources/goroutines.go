// Goroutines that compute, share a mutex, and talk through channels; garbage is collected meanwhile.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	var group sync.WaitGroup
	var mutex sync.Mutex
	channel := make(chan int, 10)
	total := 0
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			sum := 0
			for j := 0; j < 3000000; j++ {
				sum += j ^ number
			}
			var kept [][]byte
			for j := 0; j < 200; j++ {
				kept = append(kept, make([]byte, 10000))
			}
			mutex.Lock()
			total += sum + len(kept)
			mutex.Unlock()
			time.Sleep(time.Millisecond)
			channel <- number
		}(i)
	}
	group.Wait()
	close(channel)
	numbers := 0
	for number := range channel {
		numbers += number
	}
	fmt.Println(total, numbers)
}
