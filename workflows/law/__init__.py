"""The law as dated data: statutory affairs, items, deadlines, the calendar."""
