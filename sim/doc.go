// Package sim runs real nodes over a simulated network in virtual time.
//
// [Run] owns a [testing/synctest] bubble: inside it time is virtual and passes
// only while every goroutine waits, so an hour of a hundred nodes costs what
// they do in it, not an hour. Hosts are libp2p's own (QUIC, TLS, identify,
// streams), over packets that a simulator delays, paces and drops. Nothing is
// mocked above the packet. [Play] does the same for a program that is no test,
// such as the engine of package stack.
//
// # What to know before writing a scenario
//
//   - The clock starts at 2000-01-01T00:00:00Z. Data with dates in it lies in
//     the future: sleep until then first, before any host is built; in an
//     empty bubble the years pass at once.
//   - Same seed: same keys, peer ids, addresses, topology and lost packets
//     per link in order of sending. Not the same run: goroutines and TLS draw
//     on the machine. Assert outcomes and causal order, over several seeds.
//   - Inside Run use [World.T], not the outer test's T: T.Run, T.Parallel and
//     T.Deadline don't work in a bubble.
//
// # What stalls a bubble, or hangs it
//
//   - Waiting on a mutex, on I/O, in a system call or on a channel made
//     outside the bubble stops time: synctest knows only waits that something
//     in the bubble must end. So never hold a mutex while waiting for
//     something that needs time to pass; that hang uses no CPU and is never
//     reported as a deadlock. [sync.Once] is such a mutex. Real sockets and
//     pipes are such I/O; files and sqlite are quick enough not to matter.
//   - A goroutine that polls without sleeping stops time as well, at full CPU.
//   - A goroutine that is never joined fails the run: once the scenario and
//     its closers have returned, time stops, and whatever is left is reported
//     with its stack. Goroutines and channels made by init or at package
//     scope live outside every bubble; so does a package's WaitGroup.
//   - A scenario that waits for what never comes is reported as a deadlock
//     only if nobody else has a timer running, and hosts always have. Bound
//     waits with [World.Eventually] or a context's timeout. As a last resort
//     the timeline is printed shortly before go test's own timeout.
//   - libp2p's address discovery from identify can stall a bubble; a default
//     connection manager or AutoNAT keeps tickers running that make virtual
//     time dear. [World.Host] builds without them.
//   - simnet carries packets only: there is QUIC and no TCP. It finds
//     endpoints by the bytes of their IP, and an IPv4 address has two forms
//     in Go; see wire.WriteTo. A packet bigger than the link's MTU blocks its
//     link for ever; see simulated links' settings in host.go.
package sim
