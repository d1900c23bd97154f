"""Benchmarks beside bare clients: ratios in one run, never asserted."""
