"""People: workspaces, their members and roles, invitations, passwords, sessions, and who may do what."""
