"""記録の突き合わせ: the hub's record list beside our own."""
