"""Pages for people: files that a browser gets as they are. What they show and change goes over `/api`."""
