"""The main job walked as its people would: real HTTP, real certificate, real signatures. Knows pages, not services."""
