"""How the web process is served: one process, whose worker reads requests whole before it gives them a thread."""

import os
import resource
import threading

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "backend.web.server.LaneWorker"
# Socket.IO needs one process behind one address.
workers = 1
# Of tags; people, signing in and sockets have threads of their own beside these (backend/web/thread_lanes.py).
threads = int(os.environ.get("CORDON_WEB_THREADS", "64"))
# A connection costs a file; what waits for its sender costs no thread. Some files are for everything else.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_files = max(_soft, min(_hard, 20_000) if _hard != resource.RLIM_INFINITY else 20_000)
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _hard))
worker_connections = min(8_000, max(256, _files - 1_000))
# Where the application lies under its host is said by no header of a sender.
forwarder_headers = ""
# Sent piece by piece, so that a phone that never reads is given up.
sendfile = False
graceful_timeout = 5
timeout = 60
keepalive = 30
# A tag's query string may hold a coordinate, and so no access log is written here.
accesslog = None
control_socket_disable = True


def post_fork(server, worker):
    """Leave no worker behind, which would keep the port, where the server is killed."""
    from backend import supervisor

    supervisor.end_with_parent(server.pid)


def post_worker_init(worker):
    """Keep the clock of the serving process at the database's, and watch over its work."""
    from backend import clock, db, heartbeats
    from notifier import engine

    clock.keep_measuring(db.reference_time, threading.Event())
    heartbeats.serve_as(heartbeats.WEB)
    engine.keep_watch(worker.wsgi.extensions["cordon.vigil"](), threading.Event())


def worker_exit(server, worker):
    """Commit what tags are still waiting for."""
    app = worker.wsgi
    for name in ("cordon.committer", "cordon.websocket"):
        part = getattr(app, "extensions", {}).get(name)
        if part is not None:
            part.close()
