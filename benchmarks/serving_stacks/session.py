"""`session.run` alone, again and again. python session.py RUNS prints its median in ms."""

import statistics
import sys
import time

from network import Network

network = Network()
images = network.images()
seconds = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    network.compute(images)
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds) * 1e3)
