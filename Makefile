# make run     build and run the demo: one person, five vendors, two intents
# make test    every test, with the race detector where it pays
# make bench   the figures, one line each, and what else is worth knowing
# make bench-net     those of the network, in virtual time; takes most of an hour
# make bench-cards   those of the life of a relationship; takes most of an hour
# make sim     a small sweep on the model and on real nodes, and a report of each
# make bench-sim     those of the simulator
# make test-net   nodes behind real routers, in network namespaces; needs root
# make check   formatting, vet, staticcheck
GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build program run sim test test-net race race-ci bench bench-net bench-cards bench-sim check fuzz

# What runs once a command or a request is built without inlining, and the
# program without net/http's HTTP/2, which its API on loopback and its pages
# behind a web server do without: it would be 2.8 MB larger.
COLD = github.com/danielgtaylor/huma/v2 cel.dev/... google.golang.org/protobuf/... github.com/antlr4-go/... \
  github.com/alecthomas/... github.com/miekg/... github.com/libp2p/go-libp2p-kad-dht/... github.com/ipld/... \
  github.com/ipfs/... github.com/polydawn/... github.com/pelletier/... github.com/pion/... github.com/huin/... \
  github.com/prometheus/... go.opentelemetry.io/... go.uber.org/... go.yaml.in/... golang.org/x/text/... \
  encoding/gob encoding/xml github.com/parley-network/parley/node/api github.com/parley-network/parley/cmd/parley
PROGRAM ?= bin/parley

build: program
	$(GO) build -trimpath -ldflags '-s -w' -o bin/parley-sim ./cmd/parley-sim

program:
	$(GO) build -trimpath -tags nethttpomithttp2 -ldflags '-s -w' $(COLD:%=-gcflags=%=-l) -o $(PROGRAM) ./cmd/parley

run: program
	./bin/parley demo

sim:
	$(GO) build -o bin/parley-sim ./cmd/parley-sim
	@rm -rf bin/sim; mkdir -p bin/sim
	@bin/parley-sim new small --out bin/sim/small.toml >bin/sim/log
	@echo "A small town at two rates of imitation: 30 times each on the model, then once on real nodes (a minute or less)."
	@for engine in 'model --replicates 30' stack; do run=bin/sim/$${engine%% *}.run; \
	  said=$$(bin/parley-sim run bin/sim/small.toml --out $$run --engine $$engine) && echo "$${said%% Next:*}" && \
	  bin/parley-sim report $$run --no-plots >>bin/sim/log || exit 1; done
	@echo "Next: bin/parley-sim verify bin/sim/model.run, or another scenario: bin/parley-sim new town"
	@echo "The reports, of real nodes and of the model:"
	@echo "$(CURDIR)/bin/sim/stack.run/report.html"
	@page="$(CURDIR)/bin/sim/model.run/report.html"; open=none; \
	if [ "$$(uname)" = Darwin ]; then [ -n "$$SSH_CONNECTION" ] || open=open; \
	elif [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then open=xdg-open; fi; \
	if command -v $$open >/dev/null; then $$open "$$page" >/dev/null 2>&1 & fi; echo "$$page"

test:
	$(GO) test ./...

# Homes behind masquerading routers and public peers, each a network namespace;
# some of the routers run miniupnpd, as those of households do. Without root, or
# the packages iproute2, nftables, procps and miniupnpd-nftables, it says so and
# is skipped.
test-net:
	PARLEY_TEST_NET=1 $(GO) test -run '^TestNAT' -count 1 -v -timeout 10m ./cmd/parley

race:
	$(GO) test -race ./...

# The race detector without the tests in virtual time: Go 1.26's runtime now and
# then crashes on a timer's channel (maybeRunChan) where synctest and -race meet.
race-ci:
	$(GO) test -race ./identity/... ./relcard/... ./gossip/intentcast ./gossip/termupdate ./gossip/reconcile ./gossip/admission \
	  ./node/agenda ./node/canary ./node/channel/... ./node/loyalty ./node/profile \
	  ./node/market ./node/invite ./node/peerbook ./node/reach ./node/standing ./node/store/memory ./node/vendor ./node/view ./node/courier/hold ./node/courier/forward ./node/courier/wire

# Each figure is a benchmark run once, one package after another. A promise
# that falls short ends the target with an error.
bench:
	@$(GO) test -run '^$$' -bench '^BenchmarkFigure' -skip '^BenchmarkFigure(Cards|Net|Reconcile|Sim)' -benchtime 1x -timeout 30m ./... | $(FIGURES)

FIGURES = awk '/^(figure|info) |^--- |^FAIL|^panic|SKIPPED|_test\.go:/ { print; fflush() } / SHORT$$|^FAIL|^panic/ { short = 1 } END { exit short }'

# One change told to 10,000 cards (PARLEY_BENCH_CARDS), a file of 100 versions
# verified, and both sides killed at 1,000 points (PARLEY_LIFE_KILLS).
bench-cards:
	@$(GO) test -run '^$$' -bench '^BenchmarkFigureCards' -benchtime 1x -timeout 60m ./relcard/archive ./node | $(FIGURES)
	@PARLEY_LIFE_KILLS=$${PARLEY_LIFE_KILLS:-1000} $(GO) test -run '^TestLifeKilled$$' -v -timeout 90m ./cmd/parley | $(FIGURES)

# Real gossip services on simulated links: 1,000 and 2,000 (PARLEY_NET_NODES)
# take 5 GB. Then what catching up takes, and a cold node. Also PARLEY_NET_HONEST in a siege, PARLEY_NET_CHURN who come and go.
bench-net:
	@$(GO) test -p 1 -run '^$$' -bench '^BenchmarkFigure(Net|Reconcile)' -benchtime 1x -timeout 120m ./sim ./gossip/... ./node | $(FIGURES)
	@$(GO) test -run '^TestFigureColdNode$$' -count 1 -v -timeout 10m ./sim | $(FIGURES)

# The simulator's: the model beside other people's simulators and beside real
# nodes, real nodes beside bare hosts. PARLEY_COMPARE_NODES=100,300,1000.
bench-sim:
	@$(GO) test -p 1 -run '^$$' -bench '^BenchmarkFigureSim' -benchtime 1x -timeout 120m ./sim ./sim/yardstick ./sim/study ./sim/stack | $(FIGURES)
	@$(GO) run ./cmd/parley-sim bench --only workers

check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run: gofmt -w .'; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

# Each decoder of foreign bytes, one after another.
FUZZTIME ?= 30s
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
	  done; done
