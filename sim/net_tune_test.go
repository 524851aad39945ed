package sim

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestTune(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("TUNE"))
	if err != nil {
		t.Skip()
	}
	start := time.Now()
	Run(t, 1, func(w *World) {
		c := newCrowd(w, n)
		c.follow()
		c.meet(Random(w.Rand, n, 5))
		fmt.Println("met", w.Elapsed(), time.Since(start))
		for range 2 {
			time.Sleep(5 * time.Second)
			hist := map[int]int{}
			for _, m := range c.members {
				hist[m.Neighbours(c.shard)]++
			}
			fmt.Println("degree", w.Elapsed(), c.degree(), hist)
		}
		s := c.measure(10, time.Second)
		fmt.Println("p50", s.quantile(.5), "p99", s.quantile(.99), "max", s.quantile(1), "copies", s.copies, "missed", s.missed, "degree", c.degree())
	})
}
