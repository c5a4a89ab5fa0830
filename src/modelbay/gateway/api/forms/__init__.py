"""What is sent and answered about the larger subjects."""
