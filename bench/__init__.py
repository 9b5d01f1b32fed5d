"""What the product does a second, beside the most this machine could do, measured in the same run."""
