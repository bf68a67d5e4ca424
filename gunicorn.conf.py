"""How the web process is served: one gthread process, whose threads are mostly open sockets that wait."""

import os
import threading

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
# Socket.IO needs one process behind one address.
workers = 1
threads = int(os.environ.get("CORDON_WEB_THREADS", "256"))
graceful_timeout = 5
timeout = 60
keepalive = 30
# A tag's query string may hold a coordinate, and so no access log is written here.
accesslog = None
control_socket_disable = True


def post_worker_init(worker):
    """Keep the clock of the serving process at the database's, and say that it lives."""
    from backend import clock, db, heartbeats

    clock.keep_measuring(db.reference_time, threading.Event())
    heartbeats.keep_beating(heartbeats.WEB, threading.Event())


def worker_exit(server, worker):
    """Commit what tags are still waiting for."""
    app = worker.wsgi
    for name in ("cordon.committer", "cordon.websocket"):
        part = getattr(app, "extensions", {}).get(name)
        if part is not None:
            part.close()
