"""The link to the intermediate server (中間サーバー), as the open profile MSL/1."""
