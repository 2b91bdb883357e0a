// A Go program: goroutines that add, and a panic that is recovered.
package main

import "fmt"

//go:noinline
func add(one, other int) int {
	sum := one + other
	return sum // the sum
}

func recovered() (text string) {
	defer func() {
		text = fmt.Sprint(recover())
	}()
	panic("on purpose")
}

func main() {
	sums := make(chan int)
	for index := 0; index < 4; index++ {
		go func(index int) { sums <- add(index, 10) }(index)
	}
	total := 0
	for index := 0; index < 4; index++ {
		total += <-sums
	}
	fmt.Println(total, recovered())
}
