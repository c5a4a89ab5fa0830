"""What the gateway costs: CPU, lateness and memory, beside nginx in front of the same upstream."""
