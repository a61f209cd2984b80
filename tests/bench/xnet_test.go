// The peer of traces that is a package: golang.org/x/net/trace, whose pages chasquid's nettrace resembles.
// go test -bench with -cpu 1.
package bench

import (
	"testing"

	"golang.org/x/net/trace"
)

func BenchmarkTrace(b *testing.B) {
	b.Run("xnet", func(b *testing.B) {
		for n := 0; n < b.N; n++ {
			t := trace.New("SMTP.Conn", "192.0.2.1:4711")
			for i := 0; i < 10; i++ {
				t.LazyPrintf("-> %s, %d bytes", "250 2.1.5 ok", i)
			}
			t.Finish()
		}
	})
	b.Run("xnet_printf", func(b *testing.B) {
		t := trace.New("SMTP.Conn", "192.0.2.1:4711")
		for n := 0; n < b.N; n++ {
			t.LazyPrintf("-> %s, %d bytes", "250 2.1.5 ok", n)
		}
		t.Finish()
	})
}
