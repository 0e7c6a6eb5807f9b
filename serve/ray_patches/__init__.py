"""Everything that reaches into Ray beside its public interface: names, variables and arguments that Ray may move.

Nothing else of rayocr may (tests/unit/test_house.py). Each file lists what it takes in `PRIVATE_NAMES`, row by row with
Ray's version and what breaks without it; tests/unit/serve/test_ray_patches.py fails by name when a Ray has moved one.

The patches, what is lost without each, and why it is believed: a decision record (docs/decisions), or a measurement on
2026-11-29 with Ray 2.60.0, an idle `rayocr serve` on two cores (10 processes, .07 of a core, 1,440 MB PSS).

- `loopback`, the switch of desktop systems: Ray's daemons listen on the network (0004).
- `loopback`, replicas: each opens a port to the network, and unpickles what it is sent (0004).
- `haproxy`, template, folder and variables: two more ports on every interface, errors in plain text (0013).
- `haproxy`, no fallback proxy: one process, 126 MB, .02 of a core (measured).
- `haproxy`, the ingress keeps its name: 64 of 714 requests failed while a new version was deployed (0013).
- `haproxy`, the ingress on loopback: it listens on `http.host`, where HAProxy does not call it (0013).
- `flow`, one thread and bounded bodies: an answer of 1.4 GB to a slow reader took 1.4 GB (measured on 2026-11-30).
- `fewer_processes`, no monitor, log monitor and API server: three processes, 171 MB, .01 of a core (measured).
- `fewer_processes`, no pandas and Arrow: 164 MB, .02 of a core (measured).
- `local_ray`, the controller looks twice a second: .03 of a core (measured).
- `local_ray`, two arenas of memory: 79 MB (measured).
- `local_ray`, no records of tasks in bulk runs: the GCS keeps up to 100,000 for a dashboard (Ray's source).
- `local_ray`, a long wait for the raylet: a busy machine fails to start Ray; Ray's own message names the variable.
- `local_ray`, no idle workers in bulk runs: 60 MB and .01 of a core each (0017).
- `local_ray`, a process group of its own: `timeout` ended Ray first, requests failed, and HAProxy stayed (seen).
- `local_ray`, sessions in a private folder: Ray opens them to every user of the machine (Ray's source).
- `process_output`, Serve's logs on standard error: they are files in a pod, and end with it (0047).
- `data`, no actors for statistics, locations and more nodes: 60 MB and .01 of a core each (0017).
- `data`, no statistics of blocks: half a gigabyte in the driver for a million documents (0017).
- `data`, the driver's loop wakes twice a second: .02 of a core (0017).
- `data`, a worker whose exit hangs is ended: it waits for a lock of Ray's core that is gone, and keeps 430 MB on a
  cluster that stays (5 workers of one run of the tests, seen with gdb on 2026-11-30).
- `data`, ending executors: Ray's core ends the process of a run that is stopped (seen).
"""
