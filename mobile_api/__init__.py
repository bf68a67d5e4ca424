"""WHO ANSWERS: the HTTP and Socket.IO interface that phones and pages speak."""
