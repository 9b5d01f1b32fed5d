"""The state-machine engine: decides purely, applies in one transaction, remembers every step."""
