"""WHO ANSWERS: the HTTP and Socket.IO interface for phones and pages."""
