"""One module for each room with pages: what must be written first, and the pages with somebody who may see each."""
