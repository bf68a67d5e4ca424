"""Runs every benchmark of the project and prints its figures: `make bench`."""

import os
import platform

from benchmarks import (
    bench_delivery,
    bench_faults,
    bench_flood,
    bench_ingest,
    bench_line,
    bench_silence,
    bench_zones,
)

print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
bench_line.run()
bench_ingest.run()
bench_flood.run()
bench_delivery.run()
bench_faults.run()
bench_silence.run()
bench_zones.main()
