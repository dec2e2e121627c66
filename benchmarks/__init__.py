"""What the middleware costs beside its peers: `python -m benchmarks`.

This folder measures and prints; it decides nothing and the package never imports
it. Ratios are the result. Nanoseconds belong to the machine of the day.

* `rows`        what a measurement is, its budget, the table
* `workloads`   the requests and responses that are driven
* `contenders`  what is compared: ours, the hand-written middleware, the peers
* `inprocess`   all contenders interleaved in one process, without a server
* `build`       building 10,000 rules: time and memory; what an import costs
* `overwire`    the same contenders behind real uvicorn, under a loopback load
* `flask_bridge`  a Flask app through our bridge, other bridges and gunicorn
* `process`     a server in a process of its own
"""
