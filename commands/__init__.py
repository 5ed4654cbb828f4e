"""Every action a user can take, once, and its faces: command line, REPL, JSON."""
