"""The only room with sockets: a request is sent once, and how far it got is known."""
