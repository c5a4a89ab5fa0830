"""What calls cost: declared prices, a workspace's own with their dates, and which held at a moment."""
