"""Pages that a program on this machine shows to the person at it; nothing here trains or audits."""
