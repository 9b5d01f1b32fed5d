"""The intermediate server (中間サーバー), stood in for: two sites over one state, and never a number or a name in it."""
