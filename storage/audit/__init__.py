"""The audit log: every step and every provision record sealed in a signed, time-stamped Merkle tree (RFC 9162, RFC 3161)."""
