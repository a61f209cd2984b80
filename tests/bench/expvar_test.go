// The peer that chasquid counts with: Go's expvar. go test -bench with -cpu 1,2.
package bench

import (
	"expvar"
	"fmt"
	"testing"
)

var count = expvar.NewInt("count")
var byLabel = expvar.NewMap("map")

func BenchmarkCounter(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			count.Add(1)
		}
	})
}

func BenchmarkMap(b *testing.B) {
	var keys [50]string
	for i := range keys {
		keys[i] = fmt.Sprintf("label-value-0%d", 10+i)
	}
	b.RunParallel(func(pb *testing.PB) {
		i := 0
		for pb.Next() {
			byLabel.Add(keys[i], 1)
			if i++; i == len(keys) {
				i = 0
			}
		}
	})
}
