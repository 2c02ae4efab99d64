"""Pages: rendered here, complete without JavaScript."""
