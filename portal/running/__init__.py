"""Running the whole house on one machine: prepare, start every part, wait, and stop what was started."""
