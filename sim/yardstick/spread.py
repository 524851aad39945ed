"""Bass per edge with graph-tool's SIState, in the synchronous rule, one thread.

    python3 spread.py <edges> <agents> <p> <q> <steps> <seed>

Edges are pairs of 32-bit numbers, little-endian. Prints one line of JSON:
seconds of the steps alone, and who is inside after each.
"""
import json
import sys
import time

import graph_tool.all as gt
import numpy as np

path, agents, p, q, steps, seed = sys.argv[1:]
agents, steps = int(agents), int(steps)
gt.openmp_set_num_threads(1)
gt.seed_rng(int(seed))
np.random.seed(int(seed))

g = gt.Graph(directed=False)
g.add_vertex(agents)
g.add_edge_list(np.fromfile(path, dtype="<i4").reshape(-1, 2))
state = gt.SIState(g, beta=float(q), r=float(p), s=g.new_vp("int32_t"))

inside, curve = 0, [0]
wall, processor = time.perf_counter(), time.process_time()
for _ in range(steps):
    inside += state.iterate_sync(1)
    curve.append(int(inside))
wall, processor = time.perf_counter() - wall, time.process_time() - processor
if int((state.get_state().a == 1).sum()) != inside:
    sys.exit("graph-tool counts %d moves, and has another number inside" % inside)
print(json.dumps({"wall": wall, "processor": processor, "curve": curve}))
