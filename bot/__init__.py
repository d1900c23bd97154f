"""The running program: settings, wiring, receiving, sending, clock, command line."""
