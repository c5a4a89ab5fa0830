"""What `make bench` runs: each figure beside what the same client pays without the library."""
