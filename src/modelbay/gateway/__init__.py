"""The HTTP face: any client that speaks a known dialect, with every provider behind it."""
